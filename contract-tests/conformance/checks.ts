import { describe, expect, it } from "vitest";
import { OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { descriptorOf, imageOf } from "../fakes/seed.ts";
import { describeUploads } from "./uploads.ts";
import { call, pushImage, putManifest } from "./target.ts";
import type { Target } from "./target.ts";

const ABSENT = `sha256:${"0".repeat(64)}` as const;
const NOBODY = "no.such.tag";

/**
 * What distribution-spec 1.1 asks of a registry, in the four categories of its own conformance suite: pull, push,
 * content discovery, content management.
 *
 * @param open Answers with a repository that was never used.
 * @param options `isLenient`: an unknown repository, and a broken digest, are taken for an empty list.
 */
export function describeConformance(
  name: string,
  open: Open,
  { isLenient = false }: { readonly isLenient?: boolean } = {},
): void {
  describe(`conformance: ${name}`, () => {
    describePull(open);
    describePush(open);
    describeUploads(open);
    describeDiscovery(open, isLenient);
    describeManagement(open);
  });
}

type Open = () => Promise<Target>;

function describePull(open: Open): void {
  describe("pull", () => {
    it("answers the version check", async () => {
      const { url } = await open();

      expect((await fetch(new URL("/v2/", url))).status).toBe(200);
    });

    it.each(["GET", "HEAD"])("%s of an unknown blob is 404", async (method) => {
      const target = await open();
      await pushImage(target, ["1.0"]);

      expect((await call(target, method, `blobs/${ABSENT}`)).status).toBe(404);
    });

    it.each(["GET", "HEAD"])("%s of a blob is 200 with its length", async (method) => {
      const target = await open();
      const { blobs } = await pushImage(target, ["1.0"]);
      const { digest = ABSENT, bytes } = blobs[0] ?? {};

      const response = await call(target, method, `blobs/${digest}`);

      expect(response.status).toBe(200);
      expect(response.headers.get("content-length")).toBe(String(bytes?.length));
      expect((await response.bytes()).length).toBe(method === "HEAD" ? 0 : bytes?.length);
    });

    it("answers a range of a blob with 206", async () => {
      const target = await open();
      const { blobs } = await pushImage(target, ["1.0"]);
      const { digest = ABSENT, bytes = new Uint8Array() } = blobs[0] ?? {};

      const response = await call(target, "GET", `blobs/${digest}`, {
        headers: { range: "bytes=2-5" },
      });

      expect(response.status).toBe(206);
      expect(Buffer.from(await response.bytes())).toEqual(Buffer.from(bytes.subarray(2, 6)));
    });

    it.each([
      ["GET", NOBODY],
      ["HEAD", NOBODY],
      ["GET", ABSENT],
      ["HEAD", ABSENT],
    ])("%s of the unknown manifest %s is 404", async (method, key) => {
      const target = await open();
      await pushImage(target, ["1.0"]);

      expect((await call(target, method, `manifests/${key}`)).status).toBe(404);
    });

    it.each(["GET", "HEAD"])(
      "%s of a manifest is the same by tag and by digest",
      async (method) => {
        const target = await open();
        const { digest, bytes } = await pushImage(target, ["1.0"]);
        const headers = { accept: `${OCI_MANIFEST}, ${OCI_INDEX}` };

        for (const key of ["1.0", digest]) {
          const response = await call(target, method, `manifests/${key}`, { headers });

          expect(response.status).toBe(200);
          expect(response.headers.get("content-type")).toBe(OCI_MANIFEST);
          expect(response.headers.get("content-length")).toBe(String(bytes.length));
          expect([digest, null]).toContain(response.headers.get("docker-content-digest"));
        }
      },
    );

    it("answers an error in the specification's format", async () => {
      const target = await open();
      await pushImage(target, ["1.0"]);

      const response = await call(target, "GET", `manifests/${NOBODY}`);

      expect(await response.json()).toMatchObject({ errors: [{ code: "MANIFEST_UNKNOWN" }] });
    });
  });
}

function describePush(open: Open): void {
  describe("push of manifests", () => {
    it("answers 201 with a location that serves it", async () => {
      const target = await open();
      const image = await pushImage(target);

      const response = await putManifest(target, "1.0", image);

      expect(response.status).toBe(201);
      const location = new URL(response.headers.get("location") ?? "", target.url);
      const headers = { accept: OCI_MANIFEST };
      expect(await (await fetch(location, { headers })).text()).toBe(
        new TextDecoder().decode(image.bytes),
      );
    });

    it("takes a manifest by its digest", async () => {
      const target = await open();
      const image = await pushImage(target, ["1.0"], imageOf({ labels: { by: "digest" } }));

      expect((await putManifest(target, image.digest, image)).status).toBe(201);
    });

    it("refuses a manifest under another digest", async () => {
      const target = await open();
      const image = await pushImage(target, ["1.0"]);

      expect((await putManifest(target, ABSENT, image)).status).toBe(400);
    });

    it.each(["not JSON", "[]", '{"schemaVersion":2}'])("refuses the manifest %s", async (text) => {
      const target = await open();
      await pushImage(target, ["1.0"]);
      const bytes = new TextEncoder().encode(text);

      const response = await putManifest(target, "2.0", { mediaType: OCI_MANIFEST, bytes });

      expect(response.status).toBe(400);
    });

    it("moves a tag to what was pushed last", async () => {
      const target = await open();
      await pushImage(target, ["1.0"], imageOf({ labels: { n: "1" } }));
      const second = await pushImage(target, ["1.0"], imageOf({ labels: { n: "2" } }));

      const response = await call(target, "GET", "manifests/1.0", {
        headers: { accept: OCI_MANIFEST },
      });

      expect(await response.text()).toBe(new TextDecoder().decode(second.bytes));
    });
  });
}

function describeDiscovery(open: Open, isLenient: boolean): void {
  describe("content discovery", () => {
    const tags = ["a", "b", "c", "d"];

    it("lists all tags in lexical order", async () => {
      const target = await open();
      await pushImage(target, ["c", "a", "d", "b"]);

      const { name } = target;
      expect(await (await call(target, "GET", "tags/list")).json()).toMatchObject({ name, tags });
    });

    it("lists at most n tags, and what follows last", async () => {
      const target = await open();
      await pushImage(target, tags);

      const first = await (await call(target, "GET", "tags/list?n=2")).json();
      const second = await (await call(target, "GET", "tags/list?n=2&last=b")).json();

      expect([first, second]).toMatchObject([{ tags: ["a", "b"] }, { tags: ["c", "d"] }]);
    });

    it("links from page to page until the last", async () => {
      const target = await open();
      await pushImage(target, tags);

      const first = await call(target, "GET", "tags/list?n=3");
      const [, next = ""] = /<([^>]+)>;\s*rel="?next"?/.exec(first.headers.get("link") ?? "") ?? [];
      const second = await fetch(new URL(next, target.url));

      expect(await second.json()).toMatchObject({ tags: ["d"] });
      expect(second.headers.get("link")).toBeNull();
    });

    it.skipIf(isLenient)("answers about an unknown repository with 404", async () => {
      expect((await call(await open(), "GET", "tags/list")).status).toBe(404);
    });
  });

  describe("referrers", () => {
    it("is an empty index for an image without any", async () => {
      const target = await open();
      const { digest } = await pushImage(target, ["1.0"]);

      const response = await call(target, "GET", `referrers/${digest}`);

      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(OCI_INDEX);
      expect(await response.json()).toMatchObject({ schemaVersion: 2, manifests: [] });
    });

    it("lists what has the subject, and filters by artifact type", async () => {
      const target = await open();
      const subject = descriptorOf(await pushImage(target, ["1.0"]));
      const types = ["application/vnd.example.a", "application/vnd.example.b"];
      const [a, b] = types.map((artifactType) => imageOf({ subject, artifactType }));
      await pushImage(target, [], a);
      await pushImage(target, [], b);

      const all = await call(target, "GET", `referrers/${subject.digest}`);
      const query = `artifactType=${encodeURIComponent(types[0] ?? "")}`;
      const filtered = await call(target, "GET", `referrers/${subject.digest}?${query}`);

      expect(digestsOf(await all.json())).toEqual(sorted([a?.digest, b?.digest]));
      expect(filtered.headers.get("oci-filters-applied")).toBe("artifactType");
      expect(digestsOf(await filtered.json())).toEqual([a?.digest]);
    });

    it("says that it indexed a subject, even of a subject that is not there", async () => {
      const target = await open();
      await pushImage(target, ["1.0"]);
      const subject = descriptorOf(imageOf({ labels: { n: "absent" } }));
      const signature = imageOf({ subject });
      await pushImage(target, [], imageOf());

      const response = await putManifest(target, signature.digest, signature);

      expect(response.status).toBe(201);
      expect(response.headers.get("oci-subject")).toBe(subject.digest);
    });

    it.skipIf(isLenient)("refuses a digest that is none", async () => {
      const target = await open();
      await pushImage(target, ["1.0"]);

      expect((await call(target, "GET", "referrers/latest")).status).toBe(400);
    });
  });
}

function describeManagement(open: Open): void {
  describe("content management", () => {
    it("deletes a tag and leaves its manifest", async () => {
      const target = await open();
      const { digest } = await pushImage(target, ["1.0", "latest"]);

      expect((await call(target, "DELETE", "manifests/latest")).status).toBe(202);

      const headers = { accept: OCI_MANIFEST };
      expect((await call(target, "HEAD", "manifests/latest", { headers })).status).toBe(404);
      expect((await call(target, "HEAD", "manifests/1.0", { headers })).status).toBe(200);
      expect((await call(target, "HEAD", `manifests/${digest}`, { headers })).status).toBe(200);
    });

    it("deletes a manifest with every tag on it", async () => {
      const target = await open();
      const { digest } = await pushImage(target, ["1.0", "latest"]);
      await pushImage(target, ["2.0"], imageOf({ labels: { n: "kept" } }));

      expect((await call(target, "DELETE", `manifests/${digest}`)).status).toBe(202);

      expect((await call(target, "HEAD", `manifests/${digest}`)).status).toBe(404);
      expect((await call(target, "HEAD", "manifests/1.0")).status).toBe(404);
      const list = await call(target, "GET", "tags/list");
      expect(await list.json()).toMatchObject({ tags: ["2.0"] });
    });

    it.each([NOBODY, ABSENT])(
      "answers the deletion of the unknown manifest %s with 404",
      async (key) => {
        const target = await open();
        await pushImage(target, ["1.0"]);

        expect((await call(target, "DELETE", `manifests/${key}`)).status).toBe(404);
      },
    );

    it("takes a deleted referrer off the list", async () => {
      const target = await open();
      const subject = descriptorOf(await pushImage(target, ["1.0"]));
      const signature = await pushImage(target, [], imageOf({ subject, layers: ["signature"] }));

      expect((await call(target, "DELETE", `manifests/${signature.digest}`)).status).toBe(202);

      const list = await call(target, "GET", `referrers/${subject.digest}`);
      expect(digestsOf(await list.json())).toEqual([]);
    });

    it("deletes a blob", async () => {
      const target = await open();
      const { blobs } = await pushImage(target, ["1.0"]);
      const { digest = ABSENT } = blobs[1] ?? {};

      const response = await call(target, "DELETE", `blobs/${digest}`);

      // A registry may leave blobs to its own collection.
      expect([202, 405]).toContain(response.status);
      const left = (await call(target, "HEAD", `blobs/${digest}`)).status;
      expect(left).toBe(response.status === 202 ? 404 : 200);
    });
  });
}

function digestsOf(index: unknown): string[] {
  const isIndex = typeof index === "object" && index !== null && "manifests" in index;
  const manifests: unknown[] = isIndex && Array.isArray(index.manifests) ? index.manifests : [];
  return sorted(
    manifests.map((one) =>
      typeof one === "object" && one !== null && "digest" in one ? one.digest : undefined,
    ),
  );
}

function sorted(values: readonly unknown[]): string[] {
  return values.map(String).toSorted((a, b) => (a < b ? -1 : 1));
}
