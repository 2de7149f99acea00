import { describe, expect, it } from 'vitest';
import { fits, fittingMinor } from './interpreters.ts';
import { chooseRelease, type Release } from './versions.ts';

const releases: Release[] = ['1.0.0', '1.10.0', '1.9.0', '2.0.0', '3.0.0rc1', '0.5'].map((version) => ({
  version,
  yanked: version === '2.0.0',
}));

const choose = async (asked?: string, registry?: string): Promise<unknown> => {
  try {
    return chooseRelease('airbyte-source-x', releases, asked, registry);
  } catch (error) {
    return error;
  }
};

describe('chooseRelease', () => {
  it('selects the requested version, in any spelling', async () => {
    expect(await choose('1.9.0', '1.0.0')).toEqual({ release: { version: '1.9.0', yanked: false } });
    expect(await choose('1.9')).toMatchObject({ release: { version: '1.9.0' } });
    expect(await choose('3.0.0-rc1')).toMatchObject({ release: { version: '3.0.0rc1' } });
  });

  it("takes the registry's version, else the newest that is stable and not withdrawn", async () => {
    expect(await choose(undefined, '1.0.0')).toEqual({ release: { version: '1.0.0', yanked: false } });
    expect(await choose(undefined, '6.6.6')).toMatchObject({
      release: { version: '1.10.0' },
      note: "the registry's airbyte-source-x 6.6.6 is not on the package index: taking 1.10.0, the newest there",
    });
    expect(await choose(undefined, '2.0.0')).toMatchObject({ release: { version: '1.10.0' } });
    expect(await choose()).toEqual({ release: { version: '1.10.0', yanked: false } });
  });

  it('offers the newest and the neighbours of a version that does not exist', async () => {
    expect(await choose('1.5.0')).toMatchObject({
      code: 'unknown_version',
      details: { near_versions: ['1.10.0', '1.9.0', '1.0.0', '0.5'] },
    });
    expect(await choose('newest')).toMatchObject({ details: { near_versions: ['1.10.0', '1.9.0', '1.0.0', '0.5'] } });
  });
});

describe('what a package asks of Python', () => {
  it('holds for lower and upper bounds', async () => {
    expect(fits('3.11.7', '<3.13,>=3.10')).toBe(true);
    expect(fits('3.13.0', '<3.13,>=3.10')).toBe(false);
    expect(fits('3.9.18', '<3.13,>=3.10')).toBe(false);
    expect(fits('3.11.7', '>=3.9,<3.12,!=3.11.7')).toBe(false);
    expect(fits('3.11.7', '~=3.10')).toBe(true);
    expect(fits('3.11.7', '==3.11.*')).toBe(true);
  });

  it('is ignored if it cannot be parsed', async () => {
    expect(fits('3.11.7', undefined)).toBe(true);
    expect(fits('3.11.7', 'a snake')).toBe(true);
  });

  it('names a version to fetch', async () => {
    expect(fittingMinor('<3.13,>=3.10')).toBe('3.11');
    expect(fittingMinor('>=3.12')).toBe('3.12');
    expect(fittingMinor('<3.11,>=3.9.2')).toBe('3.10');
    expect(fittingMinor('>=4')).toBeUndefined();
  });
});
