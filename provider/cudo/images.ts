/** Which image a name means. Pure. */
import type { Image } from "./types";

/**
 * The image with this id, else the newest whose id begins with it. Cudo's driver images carry a date (`…-docker-v20250303`) and old ones
 * disappear. Where nothing but a version follows, that wins over another flavour (`ubuntu-2404` never means `ubuntu-2404-nvidia-…` while
 * a plain one is there).
 */
export function resolveImage(name: string, images: readonly Image[]): Image | undefined {
  return images.find((image) => image.id === name) ?? matchingImages(name, images)[0];
}

/** Images whose id begins with the name, best first. */
export function matchingImages(name: string, images: readonly Image[]): Image[] {
  const distance = ({ id }: Image) => {
    const rest = id.slice(name.length);
    return /^(-?v?\d*)$/.test(rest) ? 0 : rest.startsWith("-") || name.endsWith("-") ? 1 : 2;
  };
  return images
    .filter((image) => name !== "" && image.id.startsWith(name))
    .sort((a, b) => distance(a) - distance(b) || b.id.localeCompare(a.id, "en", { numeric: true }));
}

/** Whether the image is one of Cudo's own that says nothing of a driver for NVIDIA's GPUs. Of a project's own nobody knows. */
export function lacksDriver({ id, name, description, packages }: Image): boolean {
  return packages !== undefined && ![id, name, description, ...packages].some((text) => /nvidia|cuda|gpu/i.test(text));
}

/** True when `name` may mean the image `id`: it is its id, or the beginning of it. */
export function matchesImage(name: string, id: string): boolean {
  return name !== "" && id.startsWith(name);
}
