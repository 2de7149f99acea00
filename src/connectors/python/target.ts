/** Package to install, and its folder. */

export interface Target {
  readonly packageName: string;
  readonly version: string;
  readonly requiresPython?: string;
  /** Where it does not start on this Python minor, such as `3.11`, nor on later ones, and its message. */
  readonly olderThan?: TooNew;
  /** The newest version whose `requires_python` an interpreter of this machine satisfies; for the reader of an error. */
  readonly newestFitting?: string;
  /** Requirements in addition to the package. */
  readonly extra?: readonly string[];
  /** Made by the installer; it must not exist. */
  readonly folder: string;
}

export interface TooNew {
  readonly minor: string;
  readonly message: string;
}
