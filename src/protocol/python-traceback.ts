/** Extracts the useful part of the long texts that Python programs print when they fail. Pure. */

const FRAME = /^\s*File ".*", line \d+|", line \d+, in \S+$/;
const HEAD = /(?:Error traceback:)?\s*Traceback \(most recent call last\):\s*$/;
const BETWEEN = /^(During handling of the above exception|The above exception was the direct cause)/;
/** A JSON Schema validator prints the complete schema and value after these. */
const DUMP = /^(Failed validating .*|On (instance|schema).*):$/;
const EXCEPTION = /^(?:\w+\.)*\w*(?:Error|Exception|Warning)(?:: |$)/;

/** Filters lines in their order; keeps what precedes a traceback in its line. */
export function createTracebackFilter(): (line: string) => string | undefined {
  let inside = false;
  return (line) => {
    if (HEAD.test(line)) {
      inside = true;
      const before = line.replace(HEAD, '').trimEnd();
      return before.trim() === '' ? undefined : before;
    }
    inside = FRAME.test(line) || DUMP.test(line) || BETWEEN.test(line) || (inside && /^(\s|$)/.test(line));
    return inside ? undefined : line;
  };
}

/** The text without frames, source lines and dumped values; keeps the messages of exceptions. */
export function withoutTracebacks(text: string): string {
  const keep = createTracebackFilter();
  const lines = text.split('\n').flatMap((line) => keep(line) ?? []);
  return lines.join('\n').trim();
}

/** The message of the first exception of a traceback, the cause of those that follow. */
export function firstException(traceback: string): string | undefined {
  return withoutTracebacks(traceback)
    .split('\n')
    .find((line) => EXCEPTION.test(line));
}
