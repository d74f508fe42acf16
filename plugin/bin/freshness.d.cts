/** Name of the file in the bundle's folder that lists what went into it: `{"inputs": [paths relative to the root]}`. */
export declare const RECORD: string;
/** True when the bundle exists and is newer than each of its inputs. */
export declare function isFresh(root: string, bundle: string): boolean;
