/** What keeps an object until its controller has done what its end takes. */

interface Finalized {
  readonly metadata: object;
}

interface FinalizersPatch {
  readonly metadata: { readonly finalizers: readonly string[] };
}

/** Puts the finalizer on. Undefined where it is there. */
export function held(object: Finalized, finalizer: string): FinalizersPatch | undefined {
  const finalizers = finalizersOf(object);
  return finalizers.includes(finalizer) ? undefined : { metadata: { finalizers: [...finalizers, finalizer] } };
}

/** Takes it off. Undefined where it is not there. */
export function released(object: Finalized, finalizer: string): FinalizersPatch | undefined {
  const finalizers = finalizersOf(object);
  const kept = finalizers.filter((each) => each !== finalizer);
  return kept.length === finalizers.length ? undefined : { metadata: { finalizers: kept } };
}

function finalizersOf({ metadata }: Finalized): readonly string[] {
  return (metadata as { finalizers?: readonly string[] }).finalizers ?? [];
}
