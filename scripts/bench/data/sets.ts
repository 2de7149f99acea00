/** What is synced: four sets of data, by the letters of the table. */
import {
  array,
  boolean,
  type Column,
  date,
  dateTime,
  email,
  integer,
  number,
  object,
  rowNumber,
  sometimes,
  text,
} from './columns.ts';

export interface DataStream {
  readonly name: string;
  readonly columns: readonly Column[];
}

export interface DataSet {
  readonly name: string;
  readonly title: string;
  readonly records: number;
  readonly streams: readonly DataStream[];
  /** Records between two STATEs of a stream. */
  readonly stateEvery: number;
  /** Records between two LOG lines; 0: none. */
  readonly logEvery: number;
  /** Whether DuckDB alone reads it too, bare. */
  readonly bare: boolean;
}

const USERS = {
  name: 'users',
  columns: [
    rowNumber('id'),
    email('email'),
    number('balance'),
    boolean('active'),
    date('born'),
    dateTime('created_at'),
  ],
};

const ORDERS = {
  name: 'orders',
  columns: [
    rowNumber('id'),
    integer('user_id'),
    text('product', 2),
    number('total'),
    boolean('paid'),
    dateTime('ordered_at'),
    sometimes(date('delivered_on')),
  ],
};

const EVENTS = {
  name: 'events',
  columns: [rowNumber('id'), text('kind', 1), integer('user_id'), sometimes(text('note', 6)), dateTime('happened_at')],
};

const ACCOUNTS = { name: 'accounts', columns: wideColumns() };

/** `scale` 1 is the full size. */
export function dataSets(scale: number): DataSet[] {
  const one = { stateEvery: 10_000, logEvery: 0, streams: [USERS], bare: true };
  return [
    { ...one, name: 'a', title: 'one stream, 6 columns', records: 2_000_000 * scale },
    { ...one, name: 'b', title: '60 columns, nested', records: 200_000 * scale, streams: [ACCOUNTS] },
    {
      ...one,
      name: 'c',
      title: 'three streams interleaved',
      records: 1_000_000 * scale,
      streams: [USERS, ORDERS, EVENTS],
      logEvery: 5_000,
      bare: false,
    },
    { ...one, name: 'd', title: 'as a, four times as long', records: 8_000_000 * scale, bare: false },
  ];
}

/** 60 columns: plain ones that are sometimes missing, objects in objects, arrays of texts and of objects. */
function wideColumns(): Column[] {
  const many = (count: number, make: (at: number) => Column): Column[] =>
    Array.from({ length: count }, (_, at) => sometimes(make(at + 1)));
  const address = [text('street', 2), text('city', 1), integer('zip', 100_000), number('latitude')];
  const person = [email('email'), object('address', address), boolean('verified')];
  return [
    rowNumber('id'),
    ...many(16, (at) => text(`label_${at}`, 1 + (at % 3))),
    ...many(10, (at) => integer(`count_${at}`)),
    ...many(8, (at) => number(`amount_${at}`)),
    ...many(8, (at) => boolean(`flag_${at}`)),
    ...many(6, (at) => dateTime(`changed_at_${at}`)),
    ...many(3, (at) => date(`due_on_${at}`)),
    ...many(4, (at) => object(`person_${at}`, person)),
    ...many(2, (at) => array(`tags_${at}`, text('tag', 1))),
    ...many(2, (at) => array(`lines_${at}`, object('line', [integer('sku'), number('price'), text('title', 2)]), 3)),
  ];
}
