import { expect, it } from 'vitest';
import { troubleIn } from './start-check.ts';

const traceback = (last: string): string =>
  `Traceback (most recent call last):\n  File "/x/run.py", line 3, in <module>\n    from .source import Source\n${last}\n`;

/** The last lines that real connectors of other years end with. */
it.each([
  ["ValueError: mutable default <class 'x.JsonDecoder'> for field decoder is not allowed: use default_factory", '3.11'],
  ["AttributeError: module 'asyncio' has no attribute 'coroutine'", '3.11'],
  ["ImportError: cannot import name 'getargspec' from 'inspect' (/usr/lib/python3.11/inspect.py)", '3.11'],
  [
    "ImportError: cannot import name 'Mapping' from 'collections' (/usr/lib/python3.10/collections/__init__.py)",
    '3.10',
  ],
  ["AttributeError: module 'collections' has no attribute 'MutableMapping'", '3.10'],
  ["ModuleNotFoundError: No module named 'distutils'", '3.12'],
  ["ModuleNotFoundError: No module named 'distutils.util'", '3.12'],
  ["ModuleNotFoundError: No module named 'imp'", '3.12'],
  ["AttributeError: module 'pkgutil' has no attribute 'ImpImporter'. Did you mean: 'zipimporter'?", '3.12'],
  ["ModuleNotFoundError: No module named 'cgi'", '3.13'],
])('%s is the message of Python from %s on', (message, minor) => {
  expect(troubleIn(traceback(message))).toEqual({ kind: 'python', tooNew: { minor, message } });
});

it('a missing pkg_resources is a missing package', () => {
  const message = "ModuleNotFoundError: No module named 'pkg_resources'";
  expect(troubleIn(traceback(message))).toEqual({ kind: 'package', requirement: 'setuptools<81', message });
});

it.each([
  "ModuleNotFoundError: No module named 'imports_of_mine'",
  "ModuleNotFoundError: No module named 'distutils_extra'",
  'KeyError: "HOME"',
  '',
])('%j has another cause', (message) => {
  expect(troubleIn(traceback(message))).toBeUndefined();
});
