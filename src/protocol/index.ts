export {
  type Catalog,
  type ConfiguredStream,
  configuredCatalogJson,
  DESTINATION_MODES,
  findStreams,
  parseCatalog,
  type Stream,
  SYNC_MODES,
  type SyncMode,
  streamLabel,
} from './catalog.ts';
export { heldOutline, heldValue, holdsHeldValue, holdsUnnamedValue, isHeldValue } from './held-value.ts';
export { canonicalJson, isObject, type JsonObject, type JsonValue } from './json.ts';
export { readString, skipSpace, walkList, walkObject } from './json-scan.ts';
export { endsInString, linePieces, streamOfLost, withEscapedControls } from './line-pieces.ts';
export { isElsewhere, type Location } from './location.ts';
export { type AirbyteMessage, parseMessage, type StreamStatus, streamDescriptor, type TraceError } from './messages.ts';
export { type MissingSecret, missingSecrets, withEmptyTexts } from './missing-secrets.ts';
export { checkDestinationName, checkSourceName, datasetName, isConnectorName } from './names.ts';
export { nearest } from './nearest.ts';
export { createTracebackFilter, firstException, withoutTracebacks } from './python-traceback.ts';
export { definitionOf, propertiesOf } from './schema-references.ts';
export { dottedPath, type FieldFacts, type FieldPath, fieldsAt, secretFields } from './spec-fields.ts';
export { type UnknownField, unknownFields } from './unknown-fields.ts';
