/** A progress bar on a terminal, a line every tenth elsewhere. Goes to standard error: it is not the result. */
export function progress(total: number, label: string, out: NodeJS.WriteStream = process.stderr): (done: number) => void {
  const width = 30;
  let told = 0;
  return (done) => {
    const share = total === 0 ? 1 : done / total;
    if (out.isTTY) {
      const filled = Math.round(share * width);
      out.write(`\r${label} [${'█'.repeat(filled)}${'░'.repeat(width - filled)}] ${done}/${total}${done === total ? '\n' : ''}`);
      return;
    }
    const tenth = Math.floor(share * 10);
    if (tenth > told) out.write(`${label} ${done}/${total}\n`);
    told = Math.max(told, tenth);
  };
}
