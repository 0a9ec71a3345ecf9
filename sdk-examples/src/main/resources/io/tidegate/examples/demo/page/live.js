// The live page: asks the gateway once per second for what is new and redraws.
(() => {
  const {NONE, Board, Figures, Decisions, Events, byId, change, costRate, explainEmpty, facts, format, isHold, isNumber, last, list, number, setText, text, way} = tidegate;

  const SCHEMA = 'tidegate.demo.state/1';
  const PERIOD_MILLIS = 1000;
  const PATIENCE_MILLIS = 5000;
  const MISSES_UNTIL_LOST = 3;
  // More than a gateway keeps, or the whole answer would bring back what was let go here.
  const KEPT = 7200;
  // Now and then the page asks for everything the gateway has kept, so that nothing stays missing that was missed once.
  const POLLS_UNTIL_WHOLE = 20;
  const WINDOWS = [120, 300, 900, 3600];
  const STATE_WORDS = {connecting: 'connecting', live: 'live', finished: 'the run has ended', lost: 'connection lost, trying again'};
  const address = `${location.pathname.replace(/\/+$/, '')}/state`;

  let run = newRun();
  let view = null;
  let misses = 0;
  let polls = 0;

  function newRun() {
    return {seen: 0, samplesBySeq: new Map(), decisionsBySeq: new Map(), samples: [], decisions: [], events: [], tiers: [], elapsed: null, duration: null};
  }

  async function poll() {
    const started = performance.now();
    let state = null;
    try {
      state = await ask();
      misses = 0;
    } catch {
      misses++;
    }
    const pause = hasEnded() || misses > MISSES_UNTIL_LOST ? 3 * PERIOD_MILLIS : PERIOD_MILLIS;
    setTimeout(poll, Math.max(100, pause - (performance.now() - started)));
    // Outside the catch: a fault of this page is not a lost connection.
    if (misses) {
      miss();
    } else {
      receive(state);
    }
  }

  async function ask() {
    const since = run.seen > 0 && ++polls % POLLS_UNTIL_WHOLE ? `?since=${run.seen}` : '';
    const answer = await fetch(address + since, {cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MILLIS)});
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    return answer.json();
  }

  const hasEnded = () => isNumber(run.duration) && isNumber(run.elapsed) && run.duration > 0 && run.elapsed >= run.duration - 1e-3;

  function receive(state) {
    if (state?.schema !== SCHEMA) {
      status('connecting');
      byId('run').hidden = true;
      explainEmpty('This page is older or newer than the gateway', `It reads ${SCHEMA}, the gateway sent ${text(state?.schema)}. Reload the page.`);
      return;
    }
    const elapsed = number(state.elapsedSeconds);
    if (isNumber(run.elapsed) && isNumber(elapsed) && elapsed < run.elapsed - 1) {
      // Another run has begun behind the same address: its sequence starts again, so ask for all of it.
      run = newRun();
      view?.board.close();
      view = null;
      byId('run').hidden = true;
      explainEmpty('A new run has started', 'Charts appear with its first sample.');
      return;
    }
    take(state, elapsed);
    header(state);
    status(hasEnded() ? 'finished' : 'live');
    if (run.samples.length) {
      show();
    } else {
      explainEmpty('Waiting for the first sample', 'The gateway answers; the run has not measured anything yet.');
    }
  }

  function take(state, elapsed) {
    const first = run.seen === 0;
    keep(run.samplesBySeq, list(state.samples));
    const decided = keep(run.decisionsBySeq, list(state.decisions));
    run.samples = inOrder(run.samplesBySeq);
    run.decisions = inOrder(run.decisionsBySeq);
    announce(first ? [] : decided);
    run.events = list(state.events);
    run.elapsed = elapsed ?? last(run.samples)?.t ?? null;
    run.duration = number(state.durationSeconds);
    run.tiers = list(state.tiers).map((tier) => ({name: text(tier.name), slo: number(tier.sloTtftSeconds), weight: number(tier.weight)}));
    const now = last(run.samples);
    run.totals = state.totals?.tiers ?? {};
    run.costUsd = number(state.totals?.costUsd) ?? number(now?.costUsd);
    run.rate = costRate(run.samples);
    run.rateWord = hasEnded() ? 'at the end' : 'now';
    run.trio = [now?.replicas?.ready, now?.replicas?.due, now?.replicas?.desired].map(format.count);
  }

  /** Adds the entries that are new and returns them; the oldest go when there are too many. */
  function keep(kept, entries) {
    const added = entries.filter((entry) => isNumber(entry.seq) && !kept.has(entry.seq));
    for (const entry of added) {
      kept.set(entry.seq, entry);
      run.seen = Math.max(run.seen, entry.seq);
    }
    for (const seq of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) {
      kept.delete(seq);
    }
    return added;
  }

  const inOrder = (kept) => [...kept.values()].sort((a, b) => a.seq - b.seq);

  /** Tells a screen reader about new scale decisions. */
  function announce(decisions) {
    const moved = decisions.filter((decision) => !isHold(decision));
    if (moved.length) {
      setText(byId('announcer'), moved.map((decision) => `Scale ${way(decision)}, ${change(decision)}: ${text(decision.reason)}`).join('. '));
    }
  }

  function header(state) {
    setText(byId('model'), text(state.model));
    document.title = `Tidegate, ${text(state.model)}`;
    const about = facts([
      ['pool', text(state.pool)],
      ['trace', text(state.traceName)],
      ['speed', isNumber(state.timeScale) ? `${format.times(state.timeScale)} real time` : NONE],
    ]);
    if (byId('facts').textContent !== about.map((fact) => fact.textContent).join('')) {
      byId('facts').replaceChildren(...about);
    }
    const strong = document.createElement('strong');
    strong.textContent = format.clock(run.elapsed);
    byId('clock').replaceChildren(strong, isNumber(run.duration) ? ` of ${format.clock(run.duration)}` : '');
    byId('progress').value = isNumber(run.duration) && run.duration > 0 ? Math.min(1, (run.elapsed ?? 0) / run.duration) : 0;
  }

  function show() {
    byId('empty').hidden = true;
    byId('run').hidden = false;
    const names = JSON.stringify(run.tiers);
    if (view?.names !== names) {
      view?.board.close();
      const board = new Board(run.tiers, WINDOWS.filter((seconds) => !isNumber(run.duration) || seconds < run.duration));
      view = {
        names,
        board,
        figures: new Figures(run.tiers, [
          {label: 'ready', look: 'area', colour: 'var(--ready)'},
          {label: 'due', look: 'area', colour: 'var(--due)'},
          {label: 'desired', look: 'line dash', colour: 'var(--desired)'},
        ]),
        decisions: new Decisions(board, 100),
        events: new Events(board),
      };
    }
    if (document.hidden) {
      // Whoever looks elsewhere, at the load driver perhaps, needs the processor more.
      return;
    }
    view.figures.update(run);
    view.board.update(run);
    view.decisions.update(run.decisions);
    view.events.update(run.events);
  }

  function miss() {
    if (hasEnded()) {
      status('finished');
    } else if (misses >= MISSES_UNTIL_LOST) {
      status('lost');
      if (!run.samples.length) {
        explainEmpty('The gateway does not answer', 'This page keeps asking. Is the demo still running?');
      }
    }
  }

  function status(state) {
    const shown = byId('status');
    shown.className = `status ${state}`;
    setText(shown, STATE_WORDS[state]);
  }

  document.addEventListener('visibilitychange', () => view && !document.hidden && show());
  poll();
})();
