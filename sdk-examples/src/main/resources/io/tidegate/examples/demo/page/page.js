'use strict';

// What the live page and the report share. Text from JSON reaches the page through textContent only.
// Times are seconds of trace time since the start of the run.

for (const kind of ['error', 'unhandledrejection']) {
  window.addEventListener(kind, (event) => {
    const cause = event.reason ?? event.error ?? event.message;
    document.getElementById('errors').textContent += `${kind}: ${cause?.stack ?? cause}\n`;
  });
}

const tidegate = (() => {
  // ---- words and numbers -------------------------------------------------------------------------------------------

  const NONE = '–';
  // Between a value and its unit no line breaks.
  const GAP = '\u00a0';
  const GOOD = 0.99;
  const FAIR = 0.95;

  const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
  const number = (value) => (isNumber(value) ? value : null);
  const list = (value) => (Array.isArray(value) ? value.filter((entry) => entry !== null && typeof entry === 'object') : []);
  const text = (value) => (value === null || value === undefined || value === '' ? NONE : String(value));
  const fixed = (digits) => new Intl.NumberFormat('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits});
  const FIXED = [0, 1, 2, 3, 4].map(fixed);

  const format = {
    count: (value) => (isNumber(value) ? FIXED[0].format(value) : NONE),
    decimal: (value) => (isNumber(value) ? FIXED[Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1].format(value) : NONE),
    rate: (value) => (isNumber(value) ? FIXED[Math.abs(value) < 100 ? 1 : 0].format(value) : NONE),
    usd: (value) => (isNumber(value) ? `$${FIXED[Math.abs(value) < 1000 ? 2 : 0].format(value)}` : NONE),
    // Rounded down, so that only a run without a single broken promise reads 100 %.
    percent(value) {
      if (!isNumber(value)) {
        return NONE;
      }
      const digits = value >= GOOD && value < 1 ? 2 : 1;
      const scale = 10 ** digits;
      return `${FIXED[value === 1 || value === 0 ? 0 : digits].format(Math.floor(value * 100 * scale + 1e-6) / scale)}${GAP}%`;
    },
    seconds(value) {
      if (!isNumber(value)) {
        return NONE;
      }
      const size = Math.abs(value);
      if (size > 0 && size < 0.9995) {
        return `${FIXED[size < 0.01 ? 1 : 0].format(value * 1000)}${GAP}ms`;
      }
      return `${FIXED[size >= 999.95 || size === 0 ? 0 : size < 10 ? 2 : 1].format(value)}${GAP}s`;
    },
    /** A duration somebody chose: without digits nobody wrote. */
    setting: (value) => (isNumber(value) ? value >= 1 ? `${Number(value.toPrecision(6))}${GAP}s` : format.seconds(value) : NONE),
    millis: (value) => (isNumber(value) ? `${FIXED[value < 10 ? 1 : 0].format(value)}${GAP}ms` : NONE),
    times: (value) => (isNumber(value) ? `${format.decimal(value)}×` : NONE),
    clock(value) {
      if (!isNumber(value)) {
        return NONE;
      }
      const whole = Math.floor(Math.abs(value) + 1e-6);
      const two = (part) => String(part).padStart(2, '0');
      const hours = Math.floor(whole / 3600);
      const minutes = Math.floor((whole % 3600) / 60);
      return `${value < 0 ? '-' : ''}${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
    },
  };

  format.hours = (value) => `${Math.floor(value / 3600)}:${String(Math.floor((value % 3600) / 60)).padStart(2, '0')}`;

  const LEVELS = {
    good: {sign: '●', word: 'on target', rule: 'at least 99 % of requests within the SLO'},
    warn: {sign: '▲', word: 'slipping', rule: '95 to 99 %'},
    bad: {sign: '■', word: 'missed', rule: 'below 95 %'},
  };
  const level = (share) => (!isNumber(share) ? null : share >= GOOD ? 'good' : share >= FAIR ? 'warn' : 'bad');
  const way = (entry) => (entry.direction === 'up' || entry.direction === 'down' ? entry.direction : 'hold');
  const ARROWS = {up: '▲', down: '▼', hold: '■'};

  // ---- the document ------------------------------------------------------------------------------------------------

  const byId = (id) => document.getElementById(id);

  /** An element; `options` are attributes, listeners (`onclick`) and custom properties (`--colour`). */
  function element(name, options = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(options)) {
      if (key.startsWith('on')) {
        made.addEventListener(key.slice(2), value);
      } else if (key.startsWith('--')) {
        made.style.setProperty(key, value);
      } else if (value !== null && value !== undefined && value !== false) {
        made.setAttribute(key, value === true ? '' : value);
      }
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function setText(target, value) {
    if (target.textContent !== value) {
      target.textContent = value;
    }
  }

  const tierColour = (index) => `var(--tier-${index % 6})`;
  const swatch = (kind, colour) => element('span', {class: `swatch ${kind}`, '--colour': colour, 'aria-hidden': 'true'});

  /** Pairs for a `dl`; pairs without a value are left out. */
  function facts(pairs) {
    return pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== NONE && value !== '')
      .map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)));
  }

  let probe = null;
  const painted = new Map();

  /** The computed value of a CSS colour, for the canvas. Forgotten when the colours change. */
  function paint(colour, alpha = 1) {
    const key = `${colour} ${alpha}`;
    if (!painted.has(key)) {
      probe ??= document.body.appendChild(element('span', {hidden: true}));
      probe.style.color = colour;
      const found = getComputedStyle(probe).color;
      painted.set(key, alpha === 1 ? found : found.replace(/^rgb\((.*)\)$/, (all, parts) => `rgba(${parts}, ${alpha})`));
    }
    return painted.get(key);
  }

  // ---- samples as columns ------------------------------------------------------------------------------------------

  /** The usual time between samples, their median distance. */
  function usualStep(sorted) {
    const steps = sorted.slice(1).map((sample, index) => sample.t - sorted[index].t).filter((step) => step > 0).sort((a, b) => a - b);
    return steps.length ? steps[steps.length >> 1] : 1;
  }

  /** Rows for the charts: samples in order of time, with an empty row wherever samples are missing. */
  function rowsOf(samples) {
    const sorted = samples.filter((sample) => isNumber(sample.t)).sort((a, b) => a.t - b.t);
    const usual = usualStep(sorted);
    const rows = [];
    for (const sample of sorted) {
      const before = rows.at(-1);
      if (before && sample.t <= before.t) {
        continue;
      }
      if (before && sample.t - before.t > 3.5 * usual) {
        rows.push({t: before.t + usual});
      }
      rows.push(sample);
    }
    return rows;
  }

  const last = (rows) => rows.at(-1) ?? null;

  /** USD per hour over the last minute of the samples. */
  function costRate(samples) {
    const paid = samples.filter((sample) => isNumber(sample.costUsd));
    const end = last(paid);
    const start = end && (paid.findLast((sample) => sample.t <= end.t - 60) ?? paid[0]);
    return start && end.t > start.t ? ((end.costUsd - start.costUsd) * 3600) / (end.t - start.t) : null;
  }

  const STEPS = [60, 120, 180, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600, 28800, 43200, 64800, 86400];

  /** Right end of the time axis: grows in steps, so that the charts do not crawl. */
  function axisEnd(run) {
    const end = Math.max(run.elapsed ?? 0, last(run.samples)?.t ?? 0);
    const step = STEPS.find((candidate) => candidate >= end) ?? Math.ceil(end / 86400) * 86400;
    if (!isNumber(run.duration) || run.duration <= 0) {
      return step;
    }
    // Past its length a run only serves out what it has sent.
    return end > run.duration ? end : Math.min(step, run.duration);
  }

  // ---- what is charted ---------------------------------------------------------------------------------------------

  // Arrivals within one sample are mostly noise.
  const SMOOTHED = 5;

  /** The series averaged over the last samples up to each row. */
  const smooth = (series) => ({
    ...series,
    of(row, index, rows) {
      let [total, count] = [0, 0];
      for (let at = index; at >= 0 && count < SMOOTHED; at--) {
        const value = series.of(rows[at]);
        if (value === null) {
          break;
        }
        total += value;
        count++;
      }
      return count ? total / count : null;
    },
  });

  /**
   * The charts of a run. A series has a label, a colour, a look (area, line, thin, dash, none) and
   * `of(row, index, rows)`. Series with
   * `stack: 1` lie on each other upwards, with `stack: -1` downwards from zero.
   */
  function specsOf(run) {
    const tiers = run.tiers;
    const perTier = (field, look) =>
      tiers.map((tier, index) => ({
        label: tier.name, colour: tierColour(index), of: (row) => number(row.tiers?.[tier.name]?.[field]), ...look,
      }));
    const total = (label, of) => ({label, of, look: 'none'});
    const sum = (field) => (row) => {
      const parts = tiers.map((tier) => number(row.tiers?.[tier.name]?.[field])).filter(isNumber);
      return parts.length ? parts.reduce((a, b) => a + b, 0) : null;
    };
    const ttftSpan = {1: 6, 2: 3, 3: 2}[tiers.length] ?? 3;
    return [
      {
        id: 'arrivals', title: 'Arrivals, and sheds below zero', unit: `mean of ${SMOOTHED} samples`, axis: 'requests/s', format: format.rate, minTop: 1,
        series: [
          ...perTier('arrivalsPerSecond', {look: 'area', stack: 1}),
          ...perTier('shedPerSecond', {look: 'area', stack: -1, legend: false, strong: true}),
          total('shed', sum('shedPerSecond')),
        ].map(smooth),
      },
      {
        id: 'replicas', title: 'Replicas', unit: '', axis: 'replicas', format: format.count, whole: true, minTop: 2,
        series: [
          {label: 'ready', colour: 'var(--ready)', look: 'area', stack: 1, step: true, strong: true, of: (row) => number(row.replicas?.ready)},
          {label: 'due', colour: 'var(--due)', look: 'area', stack: 1, step: true, of: (row) => number(row.replicas?.due)},
          {label: 'desired', colour: 'var(--desired)', look: 'dash', step: true, of: (row) => number(row.replicas?.desired)},
        ],
      },
      {
        id: 'queue', title: 'Queue depth', unit: 'requests waiting', axis: 'requests', format: format.count, whole: true, minTop: 4,
        series: [...perTier('queued', {look: 'area', stack: 1}), total('all', sum('queued'))],
      },
      {
        id: 'age', title: 'Oldest request in the queue', unit: 'age', axis: 's', format: format.seconds, minTop: 1,
        series: perTier('oldestAgeSeconds', {look: 'line'}),
      },
      ...tiers.map((tier, index) => ({
        id: `ttft-${index}`, title: `TTFT ${tier.name}`, unit: 'time to first token', axis: 's, log scale', format: format.seconds,
        log: true, group: 'ttft', span: ttftSpan,
        limit: isNumber(tier.slo) && tier.slo > 0 ? {value: tier.slo, label: `SLO ${format.setting(tier.slo)}`} : null,
        series: [
          {label: 'p99', colour: tierColour(index), look: 'line', of: (row) => positive(row.tiers?.[tier.name]?.ttftP99Seconds)},
          {label: 'p50', colour: tierColour(index), look: 'thin', of: (row) => positive(row.tiers?.[tier.name]?.ttftP50Seconds)},
        ],
        between: [1, 2],
      })),
      {
        id: 'slots', title: 'Slots in flight', unit: 'requests running', axis: 'slots', format: format.count, whole: true, minTop: 4,
        series: [
          ...perTier('inFlight', {look: 'area', stack: 1}),
          total('all', (row) => number(row.slots?.inFlight)),
          {label: 'limit', colour: 'var(--desired)', look: 'dash', step: true, of: (row) => number(row.slots?.limit)},
        ],
      },
      {
        id: 'cost', title: 'Cost so far', unit: 'USD', format: format.usd, minTop: 0.01,
        series: [{label: 'cost', colour: 'var(--ready)', look: 'area', of: (row) => number(row.costUsd)}],
      },
    ];
  }

  const positive = (value) => (isNumber(value) && value > 0 ? value : null);

  /** The y values to draw, stacked where the series say so. */
  function columnsOf(spec, rows) {
    const floor = {1: new Float64Array(rows.length), '-1': new Float64Array(rows.length)};
    return drawn(spec).map((series) => rows.map((row, index) => {
      const value = series.of(row, index, rows);
      if (value === null || !series.stack) {
        return value;
      }
      floor[series.stack][index] += series.stack * value;
      return floor[series.stack][index];
    }));
  }

  const drawn = (spec) => spec.series.filter((series) => series.look !== 'none');

  /** Limits of a log axis, at 1, 2 or 5 times a power of ten. */
  function logLimits(low, high) {
    const snap = (value, up) => {
      const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
      const marks = [1, 2, 5, 10].map((mark) => mark * power);
      return up ? marks.find((mark) => mark >= value * 0.9999) : marks.findLast((mark) => mark <= value * 1.0001);
    };
    const [from, to] = [snap(low, false), snap(high, true)];
    return to / from < 9 ? [from, from * 10] : [from, to];
  }

  // ---- one chart ---------------------------------------------------------------------------------------------------

  class Chart {
    constructor(spec, board) {
      this.spec = spec;
      this.board = board;
      this.values = [];
      this.at = element('span', {class: 'chart-at'});
      const legend = element('dl', {class: 'legend'});
      for (const series of spec.series.filter((entry) => entry.legend !== false)) {
        const value = element('dd', {}, NONE);
        this.values.push({series, value});
        legend.append(element('div', {},
          series.look === 'none' ? null : swatch({area: 'area', line: 'line', thin: 'line thin', dash: 'line dash'}[series.look], series.colour),
          element('dt', {}, series.label), value));
      }
      if (spec.limit) {
        legend.append(element('div', {}, swatch('line dash', 'var(--bad)'), element('dt', {}, 'SLO'), element('dd', {}, format.setting(spec.limit.value))));
      }
      this.plot = element('div', {
        class: 'plot', tabindex: '0', role: 'slider', 'aria-valuemin': '0', 'aria-label': `${spec.title}: time under the cursor`,
        onkeydown: (event) => board.key(event),
      });
      this.root = element('figure', {class: `card chart span-${spec.span ?? 3}`, id: `chart-${spec.id}`},
        element('figcaption', {},
          element('div', {class: 'chart-head'},
            element('h3', {}, `${spec.title} `, element('span', {}, spec.unit)), this.at),
          legend),
        this.plot);
    }

    /** Draws anew, in the colours and the size of the moment. */
    build() {
      this.plotter?.destroy();
      const scale = this.board.printing ? 2 : 1;
      this.size = this.measure();
      this.plotter = new uPlot(this.options(scale), this.data ?? [[], ...drawn(this.spec).map(() => [])], this.plot);
    }

    measure() {
      const scale = this.board.printing ? 2 : 1;
      const height = this.board.printing ? 130 : 172;
      this.plot.style.height = `${height}px`;
      return {width: Math.max(120, Math.floor(this.plot.clientWidth)) * scale, height: height * scale};
    }

    resize() {
      const size = this.measure();
      if (size.width !== this.size.width || size.height !== this.size.height) {
        this.size = size;
        this.plotter.setSize(size);
      }
    }

    set(rows) {
      this.data = [rows.map((row) => row.t), ...columnsOf(this.spec, rows)];
      this.plotter.setData(this.data);
      this.show();
    }

    /** Puts the values under the cursor into the legend, or the latest when there is no cursor. */
    show() {
      const rows = this.board.rows;
      const under = this.plotter.cursor.idx;
      const held = isNumber(under) && this.plotter.cursor.left >= 0 && rows[under];
      const index = held ? under : rows.length - 1;
      const row = rows[index] ?? {};
      const said = [];
      for (const {series, value} of this.values) {
        const words = index < 0 ? NONE : this.spec.format(series.of(row, index, rows));
        setText(value, words);
        said.push(`${series.label} ${words}`);
      }
      setText(this.at, held ? `at ${format.clock(row.t)}` : '');
      this.plot.setAttribute('aria-valuemax', String(Math.round(last(rows)?.t ?? 0)));
      this.plot.setAttribute('aria-valuenow', String(Math.round(row.t ?? 0)));
      this.plot.setAttribute('aria-valuetext', `${format.clock(row.t)}: ${said.join(', ')}`);
    }

    limits(low, high) {
      const spec = this.spec;
      if (spec.log) {
        return this.board.groups[spec.group];
      }
      const top = Math.max(isNumber(high) ? high * 1.08 : 0, spec.minTop);
      return [isNumber(low) && low < 0 ? low * 1.15 : 0, top];
    }

    options(scale) {
      const {spec, board} = this;
      const font = `${11 * scale}px ${getComputedStyle(document.body).fontFamily}`;
      const axis = {
        stroke: paint('var(--muted)'), font, labelFont: font, gap: 4 * scale, labelSize: 15 * scale, labelGap: 0,
        grid: {stroke: paint('var(--grid)'), width: scale}, ticks: {show: false},
      };
      return {
        ...this.size,
        padding: [11 * scale, 17 * scale, 0, 0],
        legend: {show: false},
        cursor: {
          y: false,
          points: {size: 7 * scale, width: 1.5 * scale},
          drag: {x: true, y: false, setScale: false, dist: 5},
          bind: {dblclick: () => () => board.zoom(null)},
          sync: {key: 'tidegate', scales: ['x', null], setSeries: false, filters: {pub: (type) => type === 'mousemove' || type === 'mouseleave'}},
        },
        scales: {
          x: {time: false, range: () => board.range()},
          y: {distr: spec.log ? 3 : 1, range: (plotter, low, high) => this.limits(low, high)},
        },
        axes: [
          {
            ...axis, size: 20 * scale, space: 58 * scale, label: board.long ? 'trace time, h:min' : 'trace time, min:s',
            incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400],
            values: (plotter, splits, axisIndex, space, step) => splits.map((at) => (board.long && step >= 60 ? format.hours(at) : format.clock(at))),
          },
          {
            ...axis, size: 40 * scale, space: (spec.whole ? 22 : 28) * scale, label: spec.axis ?? spec.unit,
            ...(spec.whole ? {incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000]} : {}),
            values: (plotter, splits) => splits.map((value) => (value === null ? '' : tick(value))),
            ...(spec.log ? {grid: {...axis.grid, filter: (plotter, splits) => splits.map((value) => (isPower(value) ? value : null))}} : {}),
          },
        ],
        series: [{}, ...drawn(spec).map((series) => this.look(series, scale))],
        bands: this.bands(),
        hooks: {
          drawAxes: [(plotter) => this.drawBehind(plotter, scale)],
          draw: [(plotter) => this.drawAbove(plotter, scale)],
          setCursor: [() => this.show()],
          setSelect: [(plotter) => this.select(plotter)],
        },
      };
    }

    look(series, scale) {
      const area = series.look === 'area';
      return {
        label: series.label,
        stroke: paint(series.colour),
        width: {area: 1, line: 1.75, thin: 1.25, dash: 1.75}[series.look] * scale,
        dash: series.look === 'dash' ? [5 * scale, 4 * scale] : undefined,
        fill: area ? paint(series.colour, series.strong ? 0.7 : 0.45) : undefined,
        paths: series.step ? uPlot.paths.stepped({align: 1}) : uPlot.paths.linear(),
        points: {show: false, size: 4 * scale},
      };
    }

    /** Fills between neighbours of a stack, so that areas do not paint over each other. */
    bands() {
      const bands = [];
      const series = drawn(this.spec);
      for (const stack of [1, -1]) {
        const members = series.flatMap((entry, index) => (entry.stack === stack ? [index + 1] : []));
        members.slice(1).forEach((member, index) => bands.push({series: [member, members[index]], dir: stack === 1 ? -1 : 1}));
      }
      if (this.spec.between) {
        bands.push({series: this.spec.between, fill: paint(series[0].colour, 0.2)});
      }
      return bands;
    }

    /** Zoom: every chart shows what was selected on one. */
    select(plotter) {
      const {left, width} = plotter.select;
      if (width > 0) {
        plotter.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
        this.board.zoom([plotter.posToVal(left, 'x'), plotter.posToVal(left + width, 'x')]);
      }
    }

    visibleEvents(plotter) {
      const {min, max} = plotter.scales.x;
      return this.board.events.filter((event) => isNumber(event.t) && event.t >= min && event.t <= max);
    }

    /** Whether marks at full strength would hide the data. */
    areDense(events, width) {
      return events.length * 12 > width;
    }

    drawBehind(plotter, scale) {
      const {ctx, bbox} = plotter;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      if (this.spec.limit) {
        const y = plotter.valToPos(this.spec.limit.value, 'y', true);
        ctx.fillStyle = paint('var(--bad)', 0.06);
        ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
      }
      const ratio = devicePixelRatio * scale;
      const events = this.visibleEvents(plotter);
      const strength = this.areDense(events, bbox.width / ratio) ? 0.14 : 0.55;
      for (const event of events) {
        const x = Math.round(plotter.valToPos(event.t, 'x', true)) + 0.5;
        const marked = event.id === this.board.marked;
        ctx.strokeStyle = paint(`var(--${way(event) === 'hold' ? 'muted' : way(event)})`, marked ? 1 : strength);
        ctx.lineWidth = (marked ? 2.5 : 1) * ratio;
        ctx.setLineDash(marked ? [] : [3 * ratio, 3 * ratio]);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    }

    drawAbove(plotter, scale) {
      const {ctx, bbox} = plotter;
      const ratio = devicePixelRatio * scale;
      ctx.save();
      ctx.setLineDash([]);
      const events = this.visibleEvents(plotter);
      const half = (this.areDense(events, bbox.width / ratio) ? 2.5 : 4) * ratio;
      for (const event of events) {
        const direction = way(event) === 'hold' ? 'muted' : way(event);
        drawSign(ctx, plotter.valToPos(event.t, 'x', true), bbox.top - 5 * ratio, half,
          event.outcome === 'failed' ? 'cross' : direction, paint(event.outcome === 'failed' ? 'var(--bad)' : `var(--${direction})`));
      }
      if (this.spec.limit) {
        this.drawLimit(plotter, ratio);
      }
      if (drawn(this.spec).some((series) => series.stack === -1) && plotter.scales.y.min < 0) {
        const zero = Math.round(plotter.valToPos(0, 'y', true)) + 0.5;
        ctx.strokeStyle = paint('var(--muted)');
        ctx.lineWidth = ratio;
        ctx.beginPath();
        ctx.moveTo(bbox.left, zero);
        ctx.lineTo(bbox.left + bbox.width, zero);
        ctx.stroke();
      }
      ctx.restore();
    }

    drawLimit(plotter, ratio) {
      const {ctx, bbox} = plotter;
      const y = Math.round(plotter.valToPos(this.spec.limit.value, 'y', true)) + 0.5;
      ctx.strokeStyle = paint('var(--bad)');
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash([6 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
  }

  const tick = (value) => {
    const size = Math.abs(value);
    return size >= 10000 ? `${Math.round(size / 1000)}k` : String(Number(size.toPrecision(4)));
  };

  const isPower = (value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6;

  function drawSign(ctx, x, y, half, kind, colour) {
    ctx.fillStyle = colour;
    ctx.strokeStyle = colour;
    ctx.beginPath();
    if (kind === 'cross') {
      ctx.lineWidth = half / 2;
      ctx.moveTo(x - half * 0.8, y - half * 0.8);
      ctx.lineTo(x + half * 0.8, y + half * 0.8);
      ctx.moveTo(x + half * 0.8, y - half * 0.8);
      ctx.lineTo(x - half * 0.8, y + half * 0.8);
      ctx.stroke();
      return;
    }
    const tip = kind === 'down' ? half : -half;
    ctx.moveTo(x, y + tip);
    ctx.lineTo(x - half, y - tip);
    ctx.lineTo(x + half, y - tip);
    ctx.fill();
  }

  // ---- all charts --------------------------------------------------------------------------------------------------

  class Board {
    constructor(tiers, windows) {
      this.rows = [];
      this.events = [];
      this.groups = {ttft: [0.1, 10]};
      this.zoomed = null;
      this.window = null;
      this.end = 60;
      this.long = false;
      this.marked = null;
      this.charts = specsOf({tiers}).map((spec) => new Chart(spec, this));
      byId('charts').replaceChildren(...this.charts.map((chart) => chart.root));
      this.addControls(windows);
      this.charts.forEach((chart) => chart.build());
      const sizes = new ResizeObserver(() => this.printing || this.charts.forEach((chart) => chart.resize()));
      sizes.observe(byId('charts'));
      const dark = matchMedia('(prefers-color-scheme: dark)');
      const redraw = () => this.rebuild();
      const print = () => this.print(true);
      const screen = () => this.print(false);
      dark.addEventListener('change', redraw);
      window.addEventListener('beforeprint', print);
      window.addEventListener('afterprint', screen);
      this.close = () => {
        sizes.disconnect();
        dark.removeEventListener('change', redraw);
        window.removeEventListener('beforeprint', print);
        window.removeEventListener('afterprint', screen);
        this.charts.forEach((chart) => chart.plotter.destroy());
      };
    }

    addControls(windows) {
      this.reset = element('button', {type: 'button', hidden: true, onclick: () => this.zoom(null)}, 'Reset zoom');
      const choice = element('select', {'aria-label': 'Span of time on the charts', onchange: () => {
        this.window = Number(choice.value) || null;
        this.zoom(null);
      }}, element('option', {value: ''}, 'Run so far'),
      ...windows.map((seconds) => element('option', {value: String(seconds)},
        seconds < 3600 ? `Last ${seconds / 60} min` : `Last ${seconds / 3600} h`)));
      byId('controls').replaceChildren(this.reset, ...(windows.length ? [choice] : []));
      byId('keys').replaceChildren(
        element('li', {}, element('span', {class: 'up-mark', 'aria-hidden': 'true'}, '▲'), ' scale up'),
        element('li', {}, element('span', {class: 'down-mark', 'aria-hidden': 'true'}, '▼'), ' scale down'),
        element('li', {}, element('span', {class: 'failed-mark', 'aria-hidden': 'true'}, '✕'), ' failed'),
        element('li', {class: 'hint'}, 'drag to zoom, arrow keys to step'));
    }

    update(run) {
      this.rows = rowsOf(run.samples);
      this.events = run.events;
      this.end = axisEnd(run);
      this.groups.ttft = this.ttftLimits(run);
      if (this.long !== this.end >= 3600) {
        this.long = !this.long;
        this.charts.forEach((chart) => chart.build());
      }
      this.charts.forEach((chart) => chart.set(this.rows));
    }

    /** One range for the TTFT of all tiers, so that they compare by eye. */
    ttftLimits(run) {
      let [low, high] = [Infinity, 0];
      const include = (value) => {
        if (isNumber(value) && value > 0) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      };
      for (const tier of run.tiers) {
        include(tier.slo);
        for (const row of this.rows) {
          include(row.tiers?.[tier.name]?.ttftP50Seconds);
          include(row.tiers?.[tier.name]?.ttftP99Seconds);
        }
      }
      return high > 0 ? logLimits(low, high * 1.1) : [0.1, 10];
    }

    range() {
      if (this.zoomed) {
        return this.zoomed;
      }
      const end = last(this.rows)?.t ?? 0;
      return this.window && end > this.window ? [end - this.window, end] : [0, this.end];
    }

    zoom(range) {
      this.zoomed = range && range[1] - range[0] >= 2 ? range : null;
      this.reset.hidden = !this.zoomed;
      const [min, max] = this.range();
      this.charts.forEach((chart) => chart.plotter.setScale('x', {min, max}));
    }

    /** Moves the cursor of every chart to a time; null takes it away. */
    point(time) {
      for (const {plotter} of this.charts) {
        plotter.setCursor(time === null ? {left: -10, top: -10} : {left: plotter.valToPos(time, 'x'), top: 1});
      }
      this.charts.forEach((chart) => chart.show());
    }

    /** Shows a time even when it lies outside the zoom. */
    visit(time) {
      const [min, max] = this.range();
      if (this.zoomed && (time < min || time > max)) {
        this.zoom(null);
      }
      this.point(time);
      if (byId('charts').getBoundingClientRect().bottom < 0) {
        byId('charts').scrollIntoView({block: 'start'});
      }
    }

    mark(id) {
      this.marked = id;
      this.charts.forEach((chart) => chart.plotter.redraw(false));
    }

    key(event) {
      if (!this.rows.length || event.altKey || event.ctrlKey || event.metaKey) {
        return;
      }
      const under = this.charts[0].plotter.cursor;
      const now = isNumber(under.idx) && under.left >= 0 ? under.idx : this.rows.length - 1;
      const leap = event.shiftKey ? 10 : 1;
      const to = {ArrowLeft: now - leap, ArrowDown: now - leap, ArrowRight: now + leap, ArrowUp: now + leap, PageDown: now - 60, PageUp: now + 60,
        Home: 0, End: this.rows.length - 1}[event.key];
      if (event.key === 'Escape') {
        this.point(null);
        this.zoom(null);
      } else if (to !== undefined) {
        event.preventDefault();
        this.point(this.rows[Math.max(0, Math.min(this.rows.length - 1, to))].t);
      }
    }

    rebuild() {
      painted.clear();
      this.charts.forEach((chart) => {
        chart.build();
        chart.show();
      });
    }

    print(on) {
      this.printing = on;
      document.documentElement.classList.toggle('print', on);
      this.rebuild();
    }
  }

  // ---- key figures -------------------------------------------------------------------------------------------------

  class Figures {
    /** `trio` names the three figures of the first tile: label and swatch. */
    constructor(tiers, trio) {
      this.trio = trio.map(({label, look, colour}) => ({
        value: element('dd', {class: 'tile-figure'}, NONE),
        label: element('dt', {}, look ? swatch(look, colour) : null, label),
      }));
      const plain = (name) => {
        const tile = {figure: element('p', {class: 'tile-figure'}, NONE), note: element('p', {class: 'tile-note'})};
        tile.root = element('article', {class: 'card tile'}, element('h3', {class: 'tile-head'}, name), tile.figure, tile.note);
        return tile;
      };
      this.cost = plain('Cost');
      this.shed = plain('Shed');
      this.tiers = tiers.map((tier, index) => this.tierTile(tier, index));
      byId('figures').replaceChildren(
        element('article', {class: 'card tile wide'}, element('h3', {class: 'tile-head'}, 'Replicas'),
          element('dl', {class: 'trio'}, ...this.trio.map((part) => element('div', {}, part.label, part.value)))),
        ...this.tiers.map((tile) => tile.root), this.cost.root, this.shed.root);
      byId('levels').replaceChildren(
        ...Object.entries(LEVELS).map(([name, {sign, word, rule}]) =>
          element('span', {}, element('span', {class: `level ${name}`}, `${sign} ${word}`), ` ${rule}`)),
        element('span', {}, 'strip: the same, over time'));
    }

    tierTile(tier, index) {
      const tile = {
        tier,
        level: element('span', {class: 'level'}),
        figure: element('p', {class: 'tile-figure'}, NONE),
        strip: element('canvas', {class: 'strip', role: 'img', 'aria-label': `${tier.name}: SLO attainment over time`}),
        note: element('p', {class: 'tile-note'}),
      };
      const promise = isNumber(tier.slo) ? `first token within ${format.setting(tier.slo)}` : 'no SLO';
      setText(tile.note, `SLO: ${promise}`);
      tile.root = element('article', {class: 'card tile tier'},
        element('h3', {class: 'tile-head'}, element('span', {class: 'tile-name', title: isNumber(tier.weight) ? `weight ${tier.weight}` : null}, swatch('', tierColour(index)), tier.name), tile.level),
        tile.figure, tile.strip, tile.note);
      return tile;
    }

    update(run) {
      this.run = run;
      run.trio.forEach((value, index) => setText(this.trio[index].value, value));
      setText(this.cost.figure, format.usd(run.costUsd));
      setText(this.cost.note, run.rate === null ? '' : `${format.usd(run.rate)} per hour ${run.rateWord}`);
      let [shed, requests, known] = [0, 0, false];
      for (const tile of this.tiers) {
        const totals = run.totals[tile.tier.name] ?? {};
        known ||= isNumber(totals.shed);
        shed += number(totals.shed) ?? 0;
        requests += number(totals.requests) ?? 0;
        const found = level(totals.sloAttainment);
        tile.root.classList.remove('good', 'warn', 'bad');
        if (found) {
          tile.root.classList.add(found);
        }
        tile.level.className = `level ${found ?? ''}`;
        setText(tile.level, found ? `${LEVELS[found].sign} ${LEVELS[found].word}` : 'nothing measured');
        setText(tile.figure, format.percent(totals.sloAttainment));
      }
      setText(this.shed.figure, known ? format.count(shed) : NONE);
      setText(this.shed.note, requests ? `${shed ? format.percent(shed / requests) : 'none'} of ${format.count(requests)} requests` : '');
      this.drawStrips();
    }

    drawStrips() {
      const end = axisEnd(this.run);
      const step = usualStep(this.run.samples);
      const colours = Object.fromEntries(Object.keys(LEVELS).map((name) => [name, paint(`var(--${name})`)]));
      for (const {tier, strip} of this.tiers) {
        const width = Math.max(1, Math.round(strip.clientWidth * devicePixelRatio));
        strip.width = width;
        strip.height = 1;
        const ctx = strip.getContext('2d');
        ctx.fillStyle = paint('var(--line)');
        ctx.fillRect(0, 0, width, 1);
        // Several samples fall on one pixel of a long run: the worst is shown.
        const worst = new Array(width).fill(null);
        this.run.samples.forEach((row, index, rows) => {
          const share = number(row.tiers?.[tier.name]?.sloAttainment);
          if (share === null) {
            return;
          }
          const from = Math.floor((Math.max(rows[index - 1]?.t ?? 0, row.t - 2 * step) / end) * width);
          const to = Math.min(width - 1, Math.ceil((row.t / end) * width) - 1);
          for (let pixel = Math.max(0, from); pixel <= to; pixel++) {
            worst[pixel] = Math.min(worst[pixel] ?? 1, share);
          }
        });
        // In runs, because neighbouring rectangles show seams on paper.
        const levels = worst.map(level);
        for (let from = 0, to = 0; from < width; from = to) {
          while (to < width && levels[to] === levels[from]) {
            to++;
          }
          if (levels[from]) {
            ctx.fillStyle = colours[levels[from]];
            ctx.fillRect(from, 0, to - from, 1);
          }
        }
      }
    }
  }

  // ---- decisions and events ----------------------------------------------------------------------------------------

  const change = (entry) => `${text(entry.from)} → ${text(entry.to)}`;
  const isHold = (decision) => way(decision) === 'hold' && decision.from === decision.to;

  class Decisions {
    /** Keeps at most `limit` in the list. */
    constructor(board, limit) {
      this.board = board;
      this.limit = limit;
      this.shown = new Map();
      this.decisions = [];
      byId('decision-list').replaceChildren();
      byId('show-holds').onchange = () => {
        this.shown.clear();
        byId('decision-list').replaceChildren();
        this.update(this.decisions);
      };
    }

    update(decisions) {
      this.decisions = decisions;
      const holds = decisions.filter(isHold).length;
      byId('holds').hidden = holds === 0;
      setText(byId('holds-text'), `also ${format.count(holds)} to stay`);
      const wanted = decisions.filter((decision) => byId('show-holds').checked || !isHold(decision)).slice(-this.limit);
      const keys = new Set(wanted.map((decision, index) => decision.seq ?? index));
      for (const [key, item] of this.shown) {
        if (!keys.has(key)) {
          item.remove();
          this.shown.delete(key);
        }
      }
      wanted.forEach((decision, index) => {
        const key = decision.seq ?? index;
        if (!this.shown.has(key)) {
          const item = this.item(decision);
          this.shown.set(key, item);
          byId('decision-list').prepend(item);
        }
      });
      byId('no-decisions').hidden = wanted.length > 0;
    }

    item(decision) {
      const direction = way(decision);
      return element('li', {class: `decision ${direction}`},
        element('p', {class: 'decision-head'},
          element('span', {class: 'arrow', 'aria-hidden': 'true'}, ARROWS[direction]),
          element('strong', {}, `${direction === 'up' ? 'Up' : direction === 'down' ? 'Down' : 'Stay'} ${change(decision)}`),
          decision.reason ? element('span', {class: 'reason'}, String(decision.reason)) : null,
          timeButton(this.board, decision.t)),
        decision.explain ? element('p', {class: 'explain'}, String(decision.explain)) : null);
    }
  }

  function timeButton(board, time) {
    return element('button', {type: 'button', class: 'at', 'aria-label': `${format.clock(time)}, show on the charts`, onclick: () => isNumber(time) && board.visit(time)},
      format.clock(time));
  }

  const OUTCOMES = {in_progress: 'in progress', ready: 'ready', failed: 'failed', superseded: 'superseded'};

  class Events {
    constructor(board) {
      this.board = board;
      this.shown = new Map();
      byId('events').replaceChildren();
    }

    update(events) {
      const keys = new Set(events.map((event) => event.id));
      for (const [key, row] of this.shown) {
        if (!keys.has(key)) {
          row.root.remove();
          this.shown.delete(key);
        }
      }
      for (const event of events) {
        const row = this.shown.get(event.id) ?? this.row(event);
        setText(row.change, change(event));
        row.outcome.className = `outcome ${event.outcome in OUTCOMES ? event.outcome : ''}`;
        setText(row.outcome, OUTCOMES[event.outcome] ?? text(event.outcome));
        setText(row.ready, format.seconds(event.timeToReadySeconds));
      }
      byId('no-events').hidden = events.length > 0;
      byId('no-events').parentElement.querySelector('table').hidden = events.length === 0;
    }

    row(event) {
      const direction = way(event);
      const row = {change: element('span'), outcome: element('td'), ready: element('td', {class: 'n'})};
      const mark = (id) => () => this.board.mark(id);
      row.root = element('tr', {onmouseenter: mark(event.id), onmouseleave: mark(null), onfocusin: mark(event.id), onfocusout: mark(null)},
        element('th', {scope: 'row'}, text(event.id)),
        element('td', {class: 'n'}, timeButton(this.board, event.t)),
        element('td', {}, element('span', {class: `${direction}-mark`, 'aria-hidden': 'true'}, ARROWS[direction]), ' ',
          element('span', {class: 'unseen'}, `${direction} `), row.change),
        row.outcome, row.ready);
      this.shown.set(event.id, row);
      byId('events').prepend(row.root);
      return row;
    }
  }

  /** A run that could not be shown, in words. */
  function explainEmpty(title, words) {
    setText(byId('empty-title'), title);
    setText(byId('empty-text'), words);
    byId('empty').hidden = false;
  }

  return {
    NONE, Board, Figures, Decisions, Events, byId, change, costRate, element, explainEmpty, facts, format, isHold, isNumber, last, level, list,
    number, setText, swatch, text, tierColour, way, LEVELS,
  };
})();
