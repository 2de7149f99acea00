import { describe, expect, it } from 'vitest';
import { firstException, withoutTracebacks } from './python-traceback.ts';

const TRACEBACK = `Traceback (most recent call last):
  File "/env/lib/python3.11/site-packages/airbyte_cdk/source.py", line 154, in validate
    raise error
jsonschema.exceptions.ValidationError: {'type': 'Simpl'} is not valid under any of the given schemas

Failed validating 'anyOf' in schema[1]['properties']:
    {'title': 'Retriever',
     'anyOf': []}

On instance['retriever']:
    {'type': 'Simpl'}

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/env/lib/python3.11/site-packages/airbyte_cdk/run.py", line 213, in create
    return Source(
           ^^^^^^^
jsonschema.exceptions.ValidationError: the schema failed
`;

describe('a traceback', () => {
  it('keeps the messages of its exceptions', () => {
    expect(withoutTracebacks(`before\n${TRACEBACK}after`)).toBe(
      [
        'before',
        "jsonschema.exceptions.ValidationError: {'type': 'Simpl'} is not valid under any of the given schemas",
        '',
        'jsonschema.exceptions.ValidationError: the schema failed',
        'after',
      ].join('\n'),
    );
  });

  it('that begins in its middle is removed too', () => {
    const cut =
      '…site-packages/a/run.py", line 322, in run\n    go(args)\n  File "/x.py", line 1, in go\n    raise E\nKeyError: 1';
    expect(withoutTracebacks(cut)).toBe('KeyError: 1');
  });

  it('keeps the text before it in its line', () => {
    const log =
      'Cannot check: no end of template.Error traceback: \n Traceback (most recent call last):\n  File "/x.py", line 1, in a\n    b()\nValueError: c';
    expect(withoutTracebacks(log)).toContain('no end of template.');
    expect(withoutTracebacks(log)).not.toContain('Traceback');
  });

  it('begins with the exception that caused the others', () => {
    expect(firstException(TRACEBACK)).toContain("{'type': 'Simpl'} is not valid");
    expect(firstException('nothing of the kind')).toBeUndefined();
  });

  it('is distinguished from other text', () => {
    const text = 'Usage: a [b]\n  indented\n\nFile not found\n';
    expect(withoutTracebacks(text)).toBe(text.trim());
  });
});
