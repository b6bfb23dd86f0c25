import { imageOf } from "../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import type { Content } from "./loader.ts";

export const REPOSITORY = "bench/rates";

/** More would measure how docker-registry 2.8 keeps long tag lists. */
const TAGS = 1000;

/** Images of one layer that all share, each with a config of its own. The same in every process. */
export function images(): readonly { readonly tag: string; readonly image: SeedContent }[] {
  return Array.from({ length: TAGS }, (_, at) => ({
    tag: `tag-${at}`,
    image: imageOf({ labels: { number: String(at) } }),
  }));
}

export function content(): Content {
  const all = images();
  return {
    tags: all.map(({ tag }) => tag),
    images: all.flatMap(({ image: { digest, blobs } }) => {
      const [config] = blobs;
      return config === undefined ? [] : [{ manifest: digest, config: config.digest }];
    }),
  };
}
