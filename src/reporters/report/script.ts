/**
 * What the page does if scripts are on: it filters the groups, and shows a chart with a cursor in place of the drawing.
 * Its data comes from the element `data`, which holds numbers and texts in JSON and nothing else.
 */
export const SCRIPT = `
const data = JSON.parse(document.getElementById('data').textContent);
const filter = document.getElementById('filter');
const shown = document.getElementById('shown');
const groups = [...document.querySelectorAll('[data-group]')];
filter.hidden = false;
filter.addEventListener('input', () => {
  const words = filter.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count = 0;
  for (const group of groups) {
    const text = group.textContent.toLowerCase();
    group.hidden = !words.every((word) => text.includes(word));
    if (!group.hidden) count += 1;
  }
  shown.textContent = words.length === 0 ? '' : count + ' of ' + groups.length + ' groups';
});
if (window.uPlot && data.seconds.length > 1) {
  const box = document.getElementById('chart');
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const draw = () => {
    const options = {
      width: box.clientWidth,
      height: 320,
      scales: { x: { time: false }, maps: {} },
      axes: [
        { stroke: colour('--quiet'), grid: { stroke: colour('--rule') }, values: (_, all) => all.map((v) => v + ' s') },
        { stroke: colour('--quiet'), grid: { stroke: colour('--rule') }, size: 70, values: (_, all) => all.map((v) => v.toLocaleString('en-US')) },
        { scale: 'maps', side: 1, stroke: colour('--quiet'), grid: { show: false }, size: 70, values: (_, all) => all.map((v) => v.toLocaleString('en-US')) },
      ],
      series: [
        { label: 'seconds from the trip' },
        { label: 'tasks', stroke: colour('--line'), fill: colour('--fill'), width: 2 },
        { label: 'maps', scale: 'maps', stroke: colour('--quiet'), width: 1 },
        ...data.lines.map(({ label }) => ({ label, stroke: colour('--hot'), dash: [6, 4], width: 1, points: { show: false } })),
      ],
      hooks: {
        draw: [
          (plot) => {
            const { ctx } = plot;
            ctx.save();
            ctx.strokeStyle = colour('--quiet');
            ctx.fillStyle = colour('--ink');
            ctx.font = 12 * devicePixelRatio + 'px system-ui';
            ctx.textAlign = 'right';
            let last = -1e9;
            let level = 0;
            for (const { at, label } of data.marks) {
              const x = plot.valToPos(at, 'x', true);
              level = x - last < 70 * devicePixelRatio ? level + 1 : 0;
              last = x;
              ctx.beginPath();
              ctx.setLineDash([2, 3]);
              ctx.moveTo(x, plot.bbox.top);
              ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
              ctx.stroke();
              ctx.fillText(label, x - 4, plot.bbox.top + (14 + 14 * level) * devicePixelRatio);
            }
            ctx.restore();
          },
        ],
      },
    };
    const ends = data.marks.map(({ at }) => at).filter((at) => at > data.seconds[data.seconds.length - 1]);
    const seconds = [...data.seconds, ...ends.sort((a, b) => a - b)];
    const pad = (values) => [...values, ...ends.map(() => null)];
    const series = [seconds, pad(data.tasks), pad(data.maps), ...data.lines.map(({ value }) => seconds.map(() => value))];
    box.replaceChildren();
    document.getElementById('drawing').style.display = 'none';
    return new uPlot(options, series, box);
  };
  let plot = draw();
  addEventListener('resize', () => plot.setSize({ width: box.clientWidth, height: 320 }));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { plot.destroy(); plot = draw(); });
}
`;
