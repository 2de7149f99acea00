/** What a reader can use of the long texts that Python programs print when they fail. Pure. */

const FRAME = /^\s*File ".*", line \d+|", line \d+, in \S+$/;
const HEAD = /Traceback \(most recent call last\):\s*$/;
const BETWEEN = /^(During handling of the above exception|The above exception was the direct cause)/;
/** A JSON Schema validator prints the whole schema and the whole value behind these. */
const DUMP = /^(Failed validating .*|On (instance|schema).*):$/;
const EXCEPTION = /^(?:\w+\.)*\w*(?:Error|Exception|Warning)(?:: |$)/;

/** The text without frames, source lines and dumped values; what the exceptions say stays. */
export function withoutTracebacks(text: string): string {
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split('\n')) {
    if (HEAD.test(line)) {
      const before = line.replace(/(Error traceback:)?\s*Traceback \(most recent call last\):\s*$/, '').trimEnd();
      if (before.trim() !== '') kept.push(before);
      inside = true;
    } else if (FRAME.test(line) || DUMP.test(line) || BETWEEN.test(line)) {
      inside = true;
    } else if (!(inside && /^(\s|$)/.test(line))) {
      inside = false;
      kept.push(line);
    }
  }
  return kept.join('\n').trim();
}

/** What the first exception of a traceback says: the root of those that follow. */
export function firstException(traceback: string): string | undefined {
  return withoutTracebacks(traceback)
    .split('\n')
    .find((line) => EXCEPTION.test(line));
}
