import { describe, expect, it } from 'vitest';
import { differences } from './same-records.ts';

describe('records that were read back', () => {
  it.each([
    ['in another order', ['{"id":1}', '{"id":2}'], ['{"id":2}', '{"id":1}']],
    ['with columns of the destination', ['{"id":1}'], ['{"_airbyte_raw_id":"x","id":1,"_ab_source_file":"y"}']],
    ['with other names', ['{"id":1,"with space":"a","Naïve!":"b"}'], ['{"ID":1,"with_space":"a","naïve_":"b"}']],
    [
      'as texts',
      ['{"id":1,"n":9007199254740993,"o":{"a":[1]},"t":true}'],
      ['{"id":"1","n":"9007199254740993","o":"{\\"a\\": [1]}","t":"true"}'],
    ],
    ['with null for what is missing', ['{"id":1}', '{"id":2,"a":null}'], ['{"id":1,"a":null}', '{"id":2}']],
    [
      'with moments in another zone',
      ['{"id":1,"at":"2024-02-29T17:30:00+05:30"}'],
      ['{"id":1,"at":"2024-02-29 12:00:00+00"}'],
    ],
    ['that are equal', ['{"id":1}', '{"id":1}'], ['{"id":1}', '{"id":1}']],
  ])('%s are the same', (_how, expected, found) => expect(differences(expected, found)).toEqual([]));

  it.each([
    ['one is missing', ['{"id":1}', '{"id":2}'], ['{"id":1}'], '1 record found, not 2'],
    ['one is there twice', ['{"id":1}'], ['{"id":1}', '{"id":1}'], '2 records found, not 1'],
    ['another one is there', ['{"id":1}'], ['{"id":2}'], 'the record {"id":1} is not there'],
    [
      'digits are lost',
      ['{"id":1,"n":9007199254740993}'],
      ['{"id":1,"n":9007199254740992}'],
      '"n": 9007199254740993 became 9007199254740992',
    ],
    ['a value is missing', ['{"id":1,"a":"x"}'], ['{"id":1}'], '"a": "x" became null'],
    ['a value came', ['{"id":1,"a":null}'], ['{"id":1,"a":"x"}'], '"a": null became "x"'],
    [
      'an offset is dropped',
      ['{"id":1,"at":"2024-02-29T17:30:00+05:30"}'],
      ['{"id":1,"at":"2024-02-29T17:30:00"}'],
      '"at": "2024-02-29T17:30:00+05:30" became "2024-02-29T17:30:00"',
    ],
    ['twins in case are one', ['{"id":1,"Case":"g","case":"h"}'], ['{"id":1,"case":"h"}'], '"Case": "g" became "h"'],
  ])('%s: the difference is reported', (_how, expected, found, reported) =>
    expect(differences(expected, found)).toContain(reported),
  );
});
