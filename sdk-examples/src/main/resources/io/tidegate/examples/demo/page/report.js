// The report: the same charts from the JSON inside this file, with the verdict and the summaries.
(() => {
  const {NONE, Board, Figures, Decisions, Events, byId, element, explainEmpty, facts, format, isNumber, last, level, list, number, setText, swatch, text, tierColour, LEVELS} = tidegate;

  const SCHEMA = 'tidegate.demo.report/1';

  function read() {
    try {
      const report = JSON.parse(byId('report-data').textContent);
      if (report?.schema === SCHEMA) {
        return report;
      }
      explainEmpty('This report cannot be shown', `It reads ${SCHEMA}, the file holds ${text(report?.schema)}.`);
    } catch (cause) {
      explainEmpty('This report cannot be shown', `Its JSON is broken: ${cause.message}`);
    }
    return null;
  }

  function show(report) {
    const about = report.run ?? {};
    const samples = list(report.samples);
    const tiers = list(report.tiers).map((tier) => ({name: text(tier.name), slo: number(tier.sloTtftSeconds), weight: number(tier.weight)}));
    const run = {
      tiers, samples, events: list(report.events), decisions: list(report.decisions),
      elapsed: number(about.traceSeconds) ?? last(samples)?.t ?? 0,
      duration: number(about.traceSeconds),
      totals: Object.fromEntries(list(report.tiers).map((tier) => [text(tier.name), tier])),
      costUsd: number(report.cost?.usd),
      rateWord: 'on average',
    };
    run.rate = isNumber(run.costUsd) && run.elapsed > 0 ? (run.costUsd * 3600) / run.elapsed : null;
    const ready = samples.map((sample) => sample.replicas?.ready).filter(isNumber);
    run.trio = [
      ready.length ? format.count(Math.max(...ready)) : NONE,
      ready.length ? format.rate(ready.reduce((a, b) => a + b, 0) / ready.length) : NONE,
      format.decimal(number(report.cost?.replicaHours)),
    ];

    header(report, about);
    verdict(about);
    byId('run').hidden = false;
    const figures = new Figures(tiers, [{label: 'peak ready'}, {label: 'mean ready'}, {label: 'replica-hours'}]);
    byId('summary').replaceChildren(tierTable(list(report.tiers)), sheets(report, about));
    const board = new Board(tiers, []);
    figures.update(run);
    board.update(run);
    new Decisions(board, 1000).update(run.decisions);
    new Events(board).update(run.events);
    for (const moment of ['beforeprint', 'afterprint']) {
      window.addEventListener(moment, () => figures.drawStrips());
    }
    new ResizeObserver(() => figures.drawStrips()).observe(byId('figures'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => figures.drawStrips());
  }

  function header(report, about) {
    setText(byId('model'), text(about.model));
    document.title = `Tidegate report, ${text(about.model)}, ${text(about.trace)}`;
    byId('facts').replaceChildren(...facts([
      ['trace', text(about.trace)],
      ['length', isNumber(about.traceSeconds) ? format.clock(about.traceSeconds) : NONE],
      ['speed', isNumber(about.timeScale) ? `${format.times(about.timeScale)} real time` : NONE],
      ['started', moment(report.startedAt)],
    ]));
  }

  function verdict(about) {
    const word = about.valid === true ? 'VALID' : about.valid === false ? 'INVALID' : 'UNKNOWN';
    const meaning = {
      VALID: 'The load was driven on time, so these figures can be used. ',
      INVALID: 'The load was not driven as planned; do not use these figures. ',
      UNKNOWN: 'The report does not say whether its figures can be used. ',
    }[word];
    const cut = about.interrupted === true ? 'The run was interrupted before its end. ' : '';
    byId('verdict').hidden = false;
    byId('verdict').classList.add(word.toLowerCase());
    byId('verdict').replaceChildren(element('strong', {}, word), element('p', {}, meaning, cut, about.validity ? `Driver: ${about.validity}.` : ''));
  }

  const COLUMNS = [
    ['Requests', 'requests'], ['Completed', 'completed'], ['Shed', 'shed'], ['Expired', 'expired'], ['Failed', 'failed'],
  ];

  function tierTable(tiers) {
    const cell = (words) => element('td', {class: 'n'}, words);
    const head = (words) => element('th', {scope: 'col', class: 'n'}, words);
    const rows = tiers.map((tier, index) => {
      const found = level(tier.sloAttainment);
      return element('tr', {},
        element('th', {scope: 'row'}, swatch('', tierColour(index)), ` ${text(tier.name)}`),
        cell(isNumber(tier.sloTtftSeconds) ? `≤ ${format.setting(tier.sloTtftSeconds)}` : NONE),
        element('td', {class: 'n'}, found ? element('span', {class: `level ${found}`, title: LEVELS[found].word}, `${LEVELS[found].sign} `) : '',
          element('strong', {}, format.percent(tier.sloAttainment))),
        ...['ttftP50Seconds', 'ttftP90Seconds', 'ttftP99Seconds'].map((field) => cell(format.seconds(tier[field]))),
        ...COLUMNS.map(([, field]) => cell(format.count(tier[field]))),
        cell(format.count(tier.outputTokens)));
    });
    const sum = (field) => {
      const parts = tiers.map((tier) => tier[field]).filter(isNumber);
      return parts.length ? format.count(parts.reduce((a, b) => a + b, 0)) : NONE;
    };
    return element('section', {class: 'card summary-card', 'aria-labelledby': 'tiers-title'},
      element('h2', {id: 'tiers-title'}, 'Tiers'),
      element('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'tiers-title'},
        element('table', {id: 'tier-table'},
          element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, 'Tier'), head('TTFT SLO'), head('SLO attainment'), head('TTFT p50'), head('p90'), head('p99'),
            ...COLUMNS.map(([name]) => head(name)), head('Output tokens'))),
          element('tbody', {}, ...rows),
          element('tfoot', {}, element('tr', {}, element('th', {scope: 'row'}, 'All tiers'), ...[1, 2, 3, 4, 5].map(() => cell('')),
            ...COLUMNS.map(([, field]) => cell(sum(field))), cell(sum('outputTokens')))))));
  }

  function sheets(report, about) {
    const {scaling = {}, cost = {}, driver = {}} = report;
    const sheet = (id, title, pairs) => element('section', {class: 'card sheet', id, 'aria-labelledby': `${id}-title`},
      element('h2', {id: `${id}-title`}, title),
      element('dl', {}, ...pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])));
    const tokens = list(report.tiers).map((tier) => tier.outputTokens).filter(isNumber).reduce((a, b) => a + b, 0);
    return element('div', {class: 'sheets'},
      sheet('scaling', 'Scaling', [
        ['scale events', format.count(scaling?.events)],
        ['up', format.count(scaling?.up)],
        ['down', format.count(scaling?.down)],
        ['time to ready, p50', format.seconds(scaling?.timeToReadyP50Seconds)],
        ['time to ready, longest', format.seconds(scaling?.timeToReadyMaxSeconds)],
      ]),
      sheet('cost', 'Cost', [
        ['total', format.usd(cost?.usd)],
        ['replica-hours', format.decimal(cost?.replicaHours)],
        ['per replica-hour', format.usd(cost?.usdPerReplicaHour)],
        ['per million output tokens', tokens > 0 && isNumber(cost?.usd) ? format.usd((cost.usd * 1e6) / tokens) : NONE],
        ['price source', text(cost?.priceSource)],
      ]),
      sheet('parameters', 'Run', [
        ['trace', `${text(about.trace)} (${text(about.traceFormat)})`],
        ['replica', text(about.replica)],
        ['time scale', format.times(about.timeScale)],
        ['trace time', format.clock(about.traceSeconds)],
        ['real time', format.clock(about.wallSeconds)],
        ['sampling', isNumber(about.sampling) ? format.percent(about.sampling) : NONE],
        ['seed', text(about.seed)],
        ['Tidegate', text(report.version)],
        ['started', moment(report.startedAt)],
      ]),
      sheet('driver', 'Load driver', [
        ['requests sent', format.count(driver?.requests)],
        ['lateness, p50', format.millis(driver?.latenessP50Millis)],
        ['lateness, p99', format.millis(driver?.latenessP99Millis)],
        ['lateness, most', format.millis(driver?.latenessMaxMillis)],
        ['measured in', 'real time'],
      ]));
  }

  const moment = (value) => text(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d).*Z$/, '$1 $2 UTC');

  const report = read();
  if (report) {
    show(report);
  }
})();
