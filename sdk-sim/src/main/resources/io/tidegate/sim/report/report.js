'use strict';

// Text from the JSON reaches the page through textContent only. Times are seconds since the episode began.
for (const kind of ['error', 'unhandledrejection']) {
  window.addEventListener(kind, (event) => {
    const cause = event.reason ?? event.error ?? event.message;
    document.getElementById('errors').textContent += `${kind}: ${cause?.stack ?? cause}\n`;
  });
}

(() => {
  const NONE = '–';
  const GAP = '\u00a0';
  const byId = (id) => document.getElementById(id);
  const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
  const digits = (count) => new Intl.NumberFormat('en-US', {minimumFractionDigits: count, maximumFractionDigits: count});
  const FIXED = [0, 1, 2, 3].map(digits);
  const fixed = (value, count) => (isNumber(value) ? FIXED[count].format(value) : NONE);
  // Rounded down, so that only a row without a single broken request reads 100.
  const percent = (share) => (isNumber(share) ? FIXED[2].format(Math.floor(share * 10000 + 1e-6) / 100) : NONE);
  const seconds = (value) => (!isNumber(value) ? NONE : value < 0.9995
    ? `${FIXED[0].format(value * 1000)}${GAP}ms` : `${FIXED[value < 9.995 ? 2 : value < 99.95 ? 1 : 0].format(value)}${GAP}s`);
  const count = (value) => fixed(value, !isNumber(value) || Number.isInteger(value) || value >= 100 ? 0 : 1);
  const two = (value) => String(value).padStart(2, '0');
  const clock = (value) => `${Math.floor(value / 3600)}:${two(Math.floor((value % 3600) / 60))}${value % 60 ? `:${two(Math.round(value % 60))}` : ''}`;

  function element(name, options = {}, ...children) {
    const made = document.createElement(name);
    return furnish(made, options, children);
  }

  function shape(name, options = {}, ...children) {
    const made = document.createElementNS('http://www.w3.org/2000/svg', name);
    return furnish(made, options, children);
  }

  function furnish(made, options, children) {
    for (const [key, value] of Object.entries(options)) {
      if (key.startsWith('on')) {
        made.addEventListener(key.slice(2), value);
      } else if (key.startsWith('--') || key === 'stroke' || key === 'fill') {
        made.style.setProperty(key, value);
      } else if (value !== null && value !== undefined && value !== false) {
        made.setAttribute(key, value === true ? '' : value);
      }
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  let probe = null;

  /** The computed value of a CSS colour, for the canvas. */
  function paint(colour, alpha = 1) {
    probe ??= document.body.appendChild(element('span', {hidden: true}));
    probe.style.color = colour;
    const found = getComputedStyle(probe).color;
    return alpha === 1 ? found : found.replace(/^rgb\((.*)\)$/, (all, parts) => `rgba(${parts}, ${alpha})`);
  }

  const data = JSON.parse(byId('data').textContent);
  const names = [...new Set(data.rows.filter((row) => row.implementable).map((row) => row.scaler))].sort(
    (a, b) => (b === 'tidegate') - (a === 'tidegate') || (a < b ? -1 : a > b ? 1 : 0));
  const admissions = [...new Set(data.rows.map((row) => row.admission))];
  const rows = data.rows.map((row, index) => ({
    ...row,
    index,
    name: !row.implementable ? `${row.scaler}*` : admissions.length > 1 ? `${row.scaler} · ${row.admission}` : row.scaler,
    colour: row.implementable ? `var(--row-${names.indexOf(row.scaler) % 10})` : 'var(--bound)',
    // The same scaler has one colour, with whatever admission; more than ten share colours and differ by their dashes.
    dash: !row.implementable ? [2, 3] : row.admission === 'fifo' ? [6, 4] : names.indexOf(row.scaler) >= 10 ? [10, 3, 2, 3] : undefined,
    course: row.runs.find((run) => run.course)?.course,
    run: row.runs[0],
  }));

  document.title = `Tidegate simulation, ${data.scenario}`;
  byId('scenario').textContent = data.scenario;
  const seeds = [...new Set(data.rows.flatMap((row) => row.runs.map((run) => run.seed)))];
  byId('about').textContent = [data.about, `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`].filter((part) => part).join(' · ');
  if (data.verdict) {
    byId('first').hidden = false;
    byId('first').replaceChildren(element('strong', {}, 'First is '), `${data.verdict}.`);
  }

  // ---- summary -----------------------------------------------------------------------------------------------------

  const interval = (value, format) => [format(value.mean), isNumber(value.halfWidth) ? element('small', {}, ` ±${format(value.halfWidth)}`) : null];

  function summary() {
    const tiers = data.rows[0]?.tierAttainment.map((each) => each.tier) ?? [];
    const priced = rows.some((row) => isNumber(row.cost.mean));
    const half = (value) => FIXED[2].format(value * 100);
    const columns = [
      ['Attained %', (row) => [percent(row.attainment.mean), isNumber(row.attainment.halfWidth) ? element('small', {}, ` ±${half(row.attainment.halfWidth)}`) : null]],
      ...tiers.map((tier, index) => [tier, (row) => [percent(row.tierAttainment[index].attainment.mean)]]),
      ['Replica-hours', (row) => interval(row.replicaHours, (value) => fixed(value, 1))],
      ['÷ bound', (row) => [isNumber(row.toBound) ? `${fixed(row.toBound, 2)}×` : NONE]],
      ...(priced ? [['Cost', (row) => [fixed(row.cost.mean, 0)]]] : []),
      ['Mean', (row) => [fixed(row.meanReplicas.mean, 2)]],
      ['Peak', (row) => [count(row.peakReplicas.mean), row.neededPeak.mean > 0
        ? element('small', {}, ` ${fixed(row.peakReplicas.mean / row.neededPeak.mean, 1)}×`) : null]],
      ['Ups', (row) => [count(row.ups.mean)]],
      ['Downs', (row) => [count(row.downs.mean)]],
      ['Reversals', (row) => [count(row.reversals.mean)]],
      ['TTFT p50', (row) => [seconds(row.ttftP50.mean)]],
      ['p99', (row) => [seconds(row.ttftP99.mean)]],
    ];
    byId('table').replaceChildren(
      element('thead', {}, element('tr', {}, element('th', {scope: 'col', class: 'left'}, 'Scaler'), element('th', {scope: 'col', class: 'left'}, 'Admission'),
        ...columns.map(([name]) => element('th', {scope: 'col'}, name)))),
      element('tbody', {}, ...rows.map((row) => element('tr', {class: row.implementable ? '' : 'bound', id: `row-${row.index}`, onclick: () => choose(row.index)},
        element('th', {scope: 'row'}, element('button', {type: 'button'}, row.scaler + (row.implementable ? '' : ' (not implementable)'))),
        element('td', {class: 'left'}, row.admission),
        ...columns.map(([, cells]) => element('td', {}, ...cells(row)))))));
  }

  // ---- attainment against replica-hours ----------------------------------------------------------------------------

  /** Marks of an axis that people read easily. */
  function marks(low, high, most) {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) {
      found.push(at * step);
    }
    return {found, decimals: Math.max(0, Math.min(3, -Math.floor(Math.log10(step) + 1e-9)))};
  }

  function pareto() {
    const points = rows.filter((row) => isNumber(row.attainment.mean) && isNumber(row.replicaHours.mean));
    const bound = points.find((row) => !row.implementable);
    const real = points.filter((row) => row.implementable);
    const place = byId('pareto');
    place.replaceChildren();
    if (!points.length) {
      return;
    }
    const width = Math.max(320, place.clientWidth);
    const height = Math.min(460, Math.max(300, width * 0.36));
    const [left, right, top, bottom] = [52, 16, 12, 40];
    const spread = (value) => (isNumber(value.halfWidth) ? value.halfWidth : 0);
    const ends = (field, scale = 1) => points.flatMap((row) => [-1, 1].map((sign) => scale * (row[field].mean + sign * spread(row[field]))));
    const widened = (values, least, share = 0.07) => {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const room = Math.max((high - low) * share, least);
      return [low - room, high + room];
    };
    const [x0, x1] = widened(ends('replicaHours'), 0.05 * Math.max(...ends('replicaHours')));
    // Nothing is above 100 %, but a point on it needs room.
    const yEnds = widened(ends('attainment', 100), 0.1, 0.09);
    const [y0, y1] = [Math.max(-1, yEnds[0]), Math.min(yEnds[1], 100 + (100 - yEnds[0]) * 0.05)];
    const x = (value) => left + ((value - x0) / (x1 - x0)) * (width - left - right);
    const y = (value) => top + ((y1 - value) / (y1 - y0)) * (height - top - bottom);
    const svg = shape('svg', {viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': 'Attainment against replica-hours of each row; the table has the figures'});
    const across = marks(x0, x1, width / 110);
    const up = marks(y0, Math.min(y1, 100), 6);
    for (const at of across.found) {
      svg.append(shape('line', {class: 'grid', x1: x(at), x2: x(at), y1: top, y2: height - bottom}),
        shape('text', {x: x(at), y: height - bottom + 16, 'text-anchor': 'middle'}, FIXED[across.decimals].format(at)));
    }
    for (const at of up.found) {
      svg.append(shape('line', {class: 'grid', x1: left, x2: width - right, y1: y(at), y2: y(at)}),
        shape('text', {x: left - 7, y: y(at) + 4, 'text-anchor': 'end'}, FIXED[up.decimals].format(at)));
    }
    svg.append(shape('text', {x: (left + width - right) / 2, y: height - 6, 'text-anchor': 'middle'}, 'replica-hours'),
      shape('text', {transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle'}, 'attained, %'));

    const taken = points.map((row) => box(x(row.replicaHours.mean), y(row.attainment.mean * 100), 7, 7));
    if (bound) {
      const at = x(bound.replicaHours.mean);
      svg.append(shape('line', {class: 'bound-line', x1: at, x2: at, y1: top, y2: height - bottom}),
        shape('text', {class: 'bound-name', x: at + 6, y: height - bottom - 8}, 'bound, not implementable'));
      taken.push({left: at, right: at + 146, top: height - bottom - 20, bottom: height - bottom - 3});
    }
    for (const row of points) {
      const [cx, cy] = [x(row.replicaHours.mean), y(row.attainment.mean * 100)];
      const bar = (from, to, across) => shape('line', {stroke: row.colour, 'stroke-width': 1.4, opacity: 0.6,
        ...(across ? {x1: x(from), x2: x(to), y1: cy, y2: cy} : {x1: cx, x2: cx, y1: y(from), y2: y(to)})});
      const [hours, share] = [row.replicaHours, row.attainment];
      taken.push(box(cx, cy, Math.abs(x(hours.mean + spread(hours)) - cx), 3), box(cx, cy, 3, Math.abs(y(100 * (share.mean + spread(share))) - cy)));
      if (spread(hours)) {
        svg.append(bar(hours.mean - spread(hours), hours.mean + spread(hours), true));
      }
      if (spread(share)) {
        svg.append(bar(100 * (share.mean - spread(share)), Math.min(y1, 100 * (share.mean + spread(share))), false));
      }
      const said = `${row.name}: ${percent(share.mean)} % with ${fixed(hours.mean, 1)} replica-hours`;
      svg.append(shape('circle', {cx, cy, r: 4.5, stroke: row.colour, 'stroke-width': 2,
        fill: row.admission === 'fifo' && row.implementable ? 'var(--card)' : row.colour}, shape('title', {}, said)));
    }
    const places = points.map((row) => ({x: x(row.replicaHours.mean), y: y(row.attainment.mean * 100)}));
    for (const row of real) {
      label(svg, row, x(row.replicaHours.mean), y(row.attainment.mean * 100), taken, places, {left, right: width - right, top: 0, bottom: height - bottom});
    }
    place.append(svg);
    byId('pareto-keys').replaceChildren(...(admissions.length > 1 ? [element('li', {}, '● gate: Tidegate admits'), element('li', {}, '○ fifo: in order of arrival')] : []));
  }

  const box = (x, y, halfWidth, halfHeight) => ({left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight});
  const clash = (a, b) => Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

  /** Writes a name where it covers least, with a line to its point when it is away from it. */
  function label(svg, row, cx, cy, taken, places, frame) {
    const width = row.name.length * 6.4 + 4;
    let best = null;
    for (const ring of [9, 22, 38, 56, 78, 104, 134]) {
      for (const angle of [0, 180, 90, 270, 315, 45, 225, 135, 340, 20, 200, 160]) {
        const [dx, dy] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
        const middle = {x: cx + dx * (ring + width / 2 * Math.abs(dx)), y: cy + dy * (ring + 3)};
        const found = box(middle.x, middle.y, width / 2, 8);
        const outside = found.left < frame.left || found.right > frame.right || found.top < frame.top || found.bottom > frame.bottom;
        const away = (place) => Math.hypot(Math.max(found.left - place.x, place.x - found.right, 0), Math.max(found.top - place.y, place.y - found.bottom, 0));
        const own = away({x: cx, y: cy});
        // A name that is nearer to another point would be taken for that one's.
        const mistaken = places.some((place) => (place.x !== cx || place.y !== cy) && away(place) < own + 2);
        const cost = ring + (mistaken ? 60 : 0) + (outside ? 10000 : 0) + taken.reduce((sum, other) => sum + clash(found, other) * 20, 0);
        if (best === null || cost < best.cost) {
          best = {cost, found, middle, ring};
        }
      }
    }
    taken.push(best.found);
    if (best.ring > 22) {
      const nearest = {x: Math.max(best.found.left, Math.min(cx, best.found.right)), y: Math.max(best.found.top + 3, Math.min(cy, best.found.bottom - 3))};
      svg.append(shape('line', {class: 'lead', x1: cx, y1: cy, x2: nearest.x, y2: nearest.y}));
    }
    svg.append(shape('text', {class: 'name', x: best.middle.x, y: best.middle.y + 4, 'text-anchor': 'middle'}, row.name));
  }

  // ---- courses -----------------------------------------------------------------------------------------------------

  /** Replica-hours up to each moment; times the price where there is one. */
  function accumulated(row, priced) {
    const {seconds: times, existing} = row.course;
    const price = priced && isNumber(row.run.cost) && row.run.replicaHours > 0 ? row.run.cost / row.run.replicaHours : 1;
    let total = 0;
    return times.map((time, index) => {
      total += (existing[index] * (time - (times[index - 1] ?? 0))) / 3600;
      return total * price;
    });
  }

  const positive = (values) => values.map((value) => (isNumber(value) && value > 0 ? value : null));
  const plain = (value) => fixed(value, !isNumber(value) || Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1);

  let charts = [];
  let overlay = null;

  class Chart {
    /** Series have a label, a colour, values and perhaps `area`, `step`, `dash`, `right`. */
    constructor(plot, keys, spec) {
      this.plot = plot;
      this.spec = spec;
      this.values = spec.series.map(() => element('strong', {}, ''));
      this.keys = keys;
      this.build();
    }

    build() {
      this.plotter?.destroy();
      this.plot.style.height = `${this.spec.height}px`;
      this.plotter = new uPlot(this.options(), [this.spec.times, ...this.spec.series.map((series) => series.values)], this.plot);
    }

    say(format) {
      const at = this.plotter?.cursor.idx;
      this.spec.series.forEach((series, index) => {
        this.values[index].textContent = isNumber(at) ? (series.format ?? format)(series.values[at]) : '';
      });
    }

    options() {
      const {spec} = this;
      const font = `11px ${getComputedStyle(document.body).fontFamily}`;
      const axis = {stroke: paint('var(--muted)'), font, labelFont: font, gap: 4, labelSize: 15, labelGap: 0, ticks: {show: false}};
      const grid = {stroke: paint('var(--grid)'), width: 1};
      const top = (low, high, least) => [0, Math.max((isNumber(high) ? high : 0) * 1.08, least)];
      const right = spec.series.find((series) => series.right);
      return {
        width: Math.max(200, Math.floor(this.plot.clientWidth)),
        height: spec.height,
        padding: [10, right ? 4 : 16, 0, 0],
        legend: {show: false},
        cursor: {y: false, points: {size: 6}, sync: {key: 'course', setSeries: false}},
        scales: {
          x: {time: false},
          y: spec.log ? {distr: 3} : {range: (plotter, low, high) => top(low, high, spec.least ?? 1)},
          ...(right ? {right: {range: (plotter, low, high) => top(low, high, 1)}} : {}),
        },
        axes: [
          {...axis, grid, size: 20, space: 62, label: 'time, h:min', incrs: [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800],
            values: (plotter, splits) => splits.map(clock)},
          {...axis, grid: spec.log ? {...grid, filter: powers} : grid, size: 42, space: 26, label: spec.unit, values: (plotter, splits) => splits.map(tick), ...(spec.whole ? {incrs: WHOLE} : {}),
            ...(spec.log ? {filter: powers} : {})},
          ...(right ? [{...axis, scale: 'right', side: 1, grid: {show: false}, size: 42, space: 26, label: right.unit, values: (plotter, splits) => splits.map(tick)}] : []),
        ],
        series: [{}, ...spec.series.map((series) => ({
          label: series.label,
          show: series.show ?? true,
          scale: series.right ? 'right' : 'y',
          stroke: paint(series.colour),
          width: series.width ?? 1.6,
          dash: series.dash,
          fill: series.area ? paint(series.colour, series.area) : undefined,
          paths: series.step ? uPlot.paths.stepped({align: 1}) : uPlot.paths.linear(),
          points: {show: false},
          spanGaps: spec.log,
        }))],
        hooks: {setCursor: [() => this.say(plain)]},
      };
    }
  }

  const WHOLE = [1, 2, 5].flatMap((mark) => [0, 1, 2, 3, 4, 5, 6].map((power) => mark * 10 ** power)).sort((a, b) => a - b);
  const powers = (plotter, splits) => splits.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6 ? value : null));
  const tick = (value) => (value === null || value === undefined ? '' : Math.abs(value) >= 10000 ? `${Math.round(value / 1000)}k` : String(Number(value.toPrecision(4))));

  const key = (series, value) => element('li', {},
    element('span', {class: `swatch${series.area ? ' area' : series.dash ? ' dash' : ''}`, '--colour': series.colour, 'aria-hidden': 'true'}), series.label, value);

  function courseSpecs(row) {
    const {course} = row;
    const priced = isNumber(row.run.cost);
    return [
      {title: 'Replicas', unit: 'replicas', whole: true, least: 2, series: [
        {label: 'existing', colour: 'var(--existing)', area: 0.45, step: true, values: course.existing},
        {label: 'ready', colour: 'var(--ready)', area: 0.55, step: true, values: course.ready},
        {label: 'specified', colour: 'var(--specified)', dash: [5, 4], step: true, values: course.specified},
        {label: 'arrivals/s', colour: 'var(--arrivals)', right: true, unit: 'requests/s', width: 1.2, values: course.arrivals},
      ]},
      {title: 'Requests', unit: 'requests', whole: true, least: 4, series: [
        {label: 'queued at the gateway', colour: 'var(--row-4)', area: 0.35, values: course.queued},
        {label: 'at the replicas', colour: 'var(--ready)', values: course.running},
      ]},
      {title: 'Time to first token', unit: 's, log scale', log: true, series: [
        {label: 'p50', colour: 'var(--row-0)', width: 1.2, values: positive(course.ttftP50), format: seconds},
        {label: 'p99', colour: 'var(--row-3)', values: positive(course.ttftP99), format: seconds},
      ]},
      {title: priced ? 'Cost so far' : 'Replica-hours so far', unit: priced ? 'cost' : 'replica-hours', least: 0.1, series: [
        {label: priced ? 'cost' : 'replica-hours', colour: 'var(--ready)', area: 0.4, values: accumulated(row, priced)},
      ]},
    ].map((spec) => ({...spec, times: course.seconds, height: 210}));
  }

  function choose(index) {
    const row = rows[index];
    for (const each of rows) {
      byId(`row-${each.index}`).classList.toggle('chosen', each === row);
    }
    byId('row').value = String(index);
    byId('course-seed').textContent = `seed ${row.run.seed}`;
    charts.forEach((chart) => chart.plotter.destroy());
    charts = [];
    byId('course').replaceChildren();
    if (!row.course || !row.course.seconds.length) {
      byId('course').append(element('p', {class: 'note'}, 'No course was recorded.'));
      return;
    }
    for (const spec of courseSpecs(row)) {
      const plot = element('div', {class: 'plot'});
      const keys = element('ul', {class: 'keys'});
      byId('course').append(element('figure', {class: 'card chart'}, element('h3', {}, spec.title), keys, plot));
      const chart = new Chart(plot, keys, spec);
      keys.append(...spec.series.map((series, at) => key(series, chart.values[at])));
      charts.push(chart);
    }
  }

  const METRICS = [
    {title: 'replicas that exist', unit: 'replicas', whole: true, least: 2, step: true, of: (row) => row.course.existing},
    {title: 'replicas that serve', unit: 'replicas', whole: true, least: 2, step: true, of: (row) => row.course.ready},
    {title: 'requests queued', unit: 'requests', whole: true, least: 4, of: (row) => row.course.queued},
    {title: 'TTFT p99', unit: 's, log scale', log: true, of: (row) => positive(row.course.ttftP99)},
    {title: 'TTFT p50', unit: 's, log scale', log: true, of: (row) => positive(row.course.ttftP50)},
    {title: 'replica-hours so far', unit: 'replica-hours', least: 0.1, of: (row) => accumulated(row, false)},
    {title: 'share attained', unit: '% of requests settled', least: 100, of: (row) => row.course.attained.map((share) => (isNumber(share) ? share * 100 : null))},
  ];

  // Of many rows the first are shown, and the bound; the others are a click away.
  const SHOWN = 6;
  const hidden = new Set(rows.filter((row) => row.implementable && row.index >= SHOWN).map((row) => row.index));

  /** Rows may have been looked at at different times: the longest set them, the others give their last value before. */
  function aligned(times, row, values) {
    const own = row.course.seconds;
    let at = -1;
    return times.map((time) => {
      while (at + 1 < own.length && own[at + 1] <= time + 1e-6) {
        at++;
      }
      return at < 0 || time > own[own.length - 1] + 1e-6 ? null : values[at];
    });
  }

  function showAll() {
    const metric = METRICS[Number(byId('metric').value)];
    const drawn = rows.filter((row) => row.course && row.course.seconds.length);
    if (!drawn.length) {
      return;
    }
    const times = drawn.reduce((longest, row) => (row.course.seconds.at(-1) > longest.at(-1) ? row.course.seconds : longest), drawn[0].course.seconds);
    overlay?.plotter.destroy();
    overlay = new Chart(byId('all'), byId('all-keys'), {
      ...metric, times, height: 320,
      series: drawn.map((row) => ({label: row.name, colour: row.colour, dash: row.dash, step: metric.step, width: row.scaler === 'tidegate' ? 2.2 : 1.4,
        show: !hidden.has(row.index), values: aligned(times, row, metric.of(row)), ...(metric.log ? {format: seconds} : {})})),
    });
    byId('all-keys').replaceChildren(...drawn.map((row, at) => element('li', {}, element('button', {
      type: 'button', 'aria-pressed': String(!hidden.has(row.index)),
      onclick: (event) => {
        hidden[hidden.has(row.index) ? 'delete' : 'add'](row.index);
        event.currentTarget.setAttribute('aria-pressed', String(!hidden.has(row.index)));
        overlay.plotter.setSeries(at + 1, {show: !hidden.has(row.index)});
      },
    }, element('span', {class: `swatch${row.dash ? ' dash' : ''}`, '--colour': row.colour, 'aria-hidden': 'true'}), row.name, overlay.values[at]))));
  }

  summary();
  byId('row').replaceChildren(...rows.map((row) => element('option', {value: row.index}, row.name)));
  byId('metric').replaceChildren(...METRICS.map((metric, index) => element('option', {value: index}, metric.title)));
  byId('row').addEventListener('change', () => choose(Number(byId('row').value)));
  byId('metric').addEventListener('change', showAll);
  byId('all-on').addEventListener('click', () => {
    hidden.clear();
    showAll();
  });
  byId('all-off').addEventListener('click', () => {
    rows.forEach((row) => hidden.add(row.index));
    showAll();
  });
  const firstSeed = rows.find((row) => row.course)?.run.seed;
  byId('all-seed').textContent = firstSeed === undefined ? '' : `seed ${firstSeed}; click a name to hide or show it`;

  function draw() {
    pareto();
    const chosen = byId('row').value;
    if (chosen !== '') {
      choose(Number(chosen));
    }
    showAll();
  }

  draw();
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth !== width) {
      width = innerWidth;
      draw();
    }
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
})();
