/** Draws docs/images/performance.svg: where the processor time of a return goes, a bar a contender, a colour a process. */
export interface Bar {
  readonly name: string;
  /** In the order in which they are drawn. */
  readonly parts: Readonly<Record<string, number>>;
}

const [width, left, barHeight, gap, top] = [900, 130, 30, 16, 60];
const colours = ['#4c72b0', '#dd8452', '#55a868', '#c44e52', '#8172b3', '#937860'];

export function plotOf(title: string, bars: readonly Bar[]): string {
  const sums = bars.map(({ parts }) => Object.values(parts).reduce((sum, ms) => sum + ms, 0));
  const scale = (width - left - 90) / Math.max(...sums, 1);
  const processes = [...new Set(bars.flatMap(({ parts }) => Object.keys(parts)))];
  const colourOf = (process: string): string => colours[processes.indexOf(process) % colours.length]!;
  const legend = processes.map(
    (process, nth) =>
      `<rect x="${left + nth * 150}" y="34" width="12" height="12" fill="${colourOf(process)}"/>` +
      `<text x="${left + nth * 150 + 18}" y="44">${process}</text>`,
  );
  const drawn = bars.map(({ name, parts }, nth) => {
    const y = top + nth * (barHeight + gap);
    let x = left;
    const pieces = Object.entries(parts).map(([process, ms]) => {
      const piece = `<rect x="${fixed(x)}" y="${y}" width="${fixed(ms * scale)}" height="${barHeight}" fill="${colourOf(process)}"/>`;
      x += ms * scale;
      return piece;
    });
    const middle = y + barHeight / 2 + 5;
    return `<text x="${left - 10}" y="${middle}" text-anchor="end">${name}</text>${pieces.join('')}<text x="${fixed(x + 8)}" y="${middle}">${fixed(sums[nth]!)} ms</text>`;
  });
  const height = top + bars.length * (barHeight + gap) + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="14">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="10" y="20" font-weight="bold">${title}</text>`,
    ...legend,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

const fixed = (value: number): string => value.toFixed(1);
