import type { Judgement } from '../../core/growth/judge.ts';
import { escapeHtml, hash, tableHtml } from './markup.ts';
import { STYLE } from './style.ts';
import { type TwoSeries, twoSeriesSvg } from './twoSeries.ts';

/** What the page of a canary shows. */
export interface CanaryPage {
  readonly judgement: Judgement;
  readonly baseline: string;
  readonly candidate: string;
  readonly charts: readonly TwoSeries[];
}

const OWN = `.baseline{fill:none;stroke:var(--quiet);stroke-width:2}.candidate{fill:none;stroke:var(--line);stroke-width:2}
.verdict{display:inline-block;padding:.1em .6em;border-radius:.4em;border:2px solid currentColor;font-weight:700}
.key::before{content:"";display:inline-block;width:1.4em;height:0;border-top:3px solid var(--quiet);vertical-align:middle;margin-right:.4em}
.key.new::before{border-color:var(--line)}`;

/** One file that needs nothing else and runs nothing: a chart of two lines for each metric, and the sentences. */
export function canaryHtml({ baseline, candidate, charts, judgement }: CanaryPage): string {
  const styles = [STYLE, OWN];
  const policy = [
    "default-src 'none'",
    `style-src ${styles.map(hash).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const title = `${judgement.verdict}: ${judgement.sentence}`;
  const sections = charts.map((chart, index) => {
    const metric = judgement.metrics[index];
    return `<h2>${escapeHtml(chart.label)} <span class="quiet">${escapeHtml(metric?.verdict ?? '')}</span></h2>
<div class="card">${twoSeriesSvg(chart, escapeHtml)}</div><p>${escapeHtml(metric?.sentence ?? '')}</p>`;
  });
  const rows = judgement.metrics.map(({ baseline: b, candidate: c, extra, level, name, verdict }) => [
    name,
    verdict,
    b?.shape ?? '–',
    c?.shape ?? '–',
    level === undefined ? '–' : `${percent(level.value - 1)} (${percent(level.low - 1)} to ${percent(level.high - 1)})`,
    extra === undefined ? '–' : `${percent(extra.value)} (${percent(extra.low)} to ${percent(extra.high)})`,
  ]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title>
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body><main>
<h1>${escapeHtml(judgement.sentence)}</h1>
<p><span class="verdict">${escapeHtml(judgement.verdict)}</span> ${judgement.score} of 100, ${judgement.samples} samples</p>
<p><span class="key">baseline: ${escapeHtml(baseline)}</span><br><span class="key new">candidate: ${escapeHtml(candidate)}</span></p>
${sections.join('\n')}
<h2>Numbers</h2>
<div class="card scroll">${tableHtml(['', 'verdict', 'baseline', 'candidate', 'level', 'extra growth'], rows)}</div>
<p class="quiet">Level: how much higher the candidate is. Extra growth: how much more it grew over the window than the baseline, as a share of its own level. 98 % intervals.</p>
</main></body>
</html>
`;
}

function percent(share: number): string {
  return `${share >= 0 ? '+' : ''}${(share * 100).toFixed(1)}%`;
}
