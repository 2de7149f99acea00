import { describe, expect, it } from 'vitest';
import { releasesOnPage } from './index-page.ts';

const expected = [
  { version: '6.2.24', requiresPython: '<3.13,>=3.10', yanked: false },
  { version: '4.0.0', requiresPython: undefined, yanked: false },
  { version: '5.0.0', requiresPython: '>=3.9', yanked: true },
];

describe('releasesOnPage', () => {
  it('reads JSON: wheels and sdists of one version are one release', async () => {
    const files = [
      { filename: 'airbyte_source_faker-6.2.24-py3-none-any.whl', 'requires-python': '<3.13,>=3.10', yanked: false },
      { filename: 'airbyte_source_faker-6.2.24.tar.gz', 'requires-python': null },
      { filename: 'airbyte-source-faker-4.0.0.tar.gz', 'requires-python': null, yanked: false },
      { filename: 'airbyte_source_faker-5.0.0-py3-none-any.whl', 'requires-python': '>=3.9', yanked: 'broken' },
      { filename: 'airbyte_source_faker-5.0.0.tar.gz', 'requires-python': '>=3.9', yanked: true },
      { filename: 'README.txt' },
      { filename: 'airbyte_source_faker-latest.zip' },
      null,
    ];
    expect(releasesOnPage(JSON.stringify({ files }))).toEqual(expected);
  });

  it('reads HTML, with the brackets of a version range written out', async () => {
    const page = `<!DOCTYPE html><body>
      <a href="../a#sha256=1" data-requires-python="&lt;3.13,&gt;=3.10">airbyte_source_faker-6.2.24-py3-none-any.whl</a><br/>
      <a data-requires-python='&lt;3.13,&gt;=3.10' href="b">airbyte_source_faker-6.2.24.tar.gz</a>
      <a href="c">airbyte-source-faker-4.0.0.tar.gz</a>
      <a href="d" data-requires-python="&gt;=3.9" data-yanked="broken">airbyte_source_faker-5.0.0-py3-none-any.whl</a>
    </body>`;
    expect(releasesOnPage(page)).toEqual(expected);
  });

  it('finds nothing on a page that is something else', async () => {
    expect(releasesOnPage('<html><a href="/login">Sign in</a></html>')).toEqual([]);
    expect(releasesOnPage('{"message":"maintenance"}')).toEqual([]);
  });
});
