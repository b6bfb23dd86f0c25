import { describe, expect, it } from "vitest";
import type { Digest } from "../../src/oci/digest.ts";
import { digestBy } from "../fakes/state.ts";
import { OCTETS, call, locationOf, pushBlob } from "./target.ts";
import type { Target } from "./target.ts";

const TEXT = "0123456789abcdef";
const BYTES = new TextEncoder().encode(TEXT);
const DIGEST: Digest = digestBy("sha256", BYTES);
const OTHER: Digest = digestBy("sha256", new TextEncoder().encode("other"));

/** Source: distribution-spec 1.1, "Pushing Blobs". */
export function describeUploads(open: () => Promise<Target>): void {
  describe("push of blobs", () => {
    it("opens a session with a location", async () => {
      const target = await open();

      const response = await call(target, "POST", "blobs/uploads/");

      expect(response.status).toBe(202);
      expect(locationOf(target, response).pathname).toContain("/blobs/uploads/");
    });

    it("stores a blob by POST and PUT", async () => {
      const target = await open();

      const response = await pushBlob(target, BYTES, DIGEST);

      expect(response.status).toBe(201);
      const stored = await fetch(locationOf(target, response));
      expect(await stored.text()).toBe(TEXT);
    });

    it("stores a blob by one POST, or opens a session instead", async () => {
      const target = await open();

      const response = await call(target, "POST", `blobs/uploads/?digest=${DIGEST}`, {
        headers: OCTETS,
        body: BYTES,
      });

      expect([201, 202]).toContain(response.status);
      const found = await call(target, "HEAD", `blobs/${DIGEST}`);
      expect(found.status).toBe(response.status === 201 ? 200 : 404);
    });

    it("stores a blob that came in chunks", async () => {
      const target = await open();
      const opened = await call(target, "POST", "blobs/uploads/");

      const first = await patch(locationOf(target, opened), 0, 8);
      const second = await patch(locationOf(target, first), 8, 16);
      const stored = await fetch(locationOf(target, second, DIGEST), { method: "PUT" });

      expect([first.status, second.status, stored.status]).toEqual([202, 202, 201]);
      expect(second.headers.get("range")).toBe("0-15");
      expect(await (await call(target, "GET", `blobs/${DIGEST}`)).text()).toBe(TEXT);
    });

    it("takes the last chunk with the PUT", async () => {
      const target = await open();
      const opened = await call(target, "POST", "blobs/uploads/");
      const first = await patch(locationOf(target, opened), 0, 8);

      const stored = await fetch(locationOf(target, first, DIGEST), {
        method: "PUT",
        headers: { ...OCTETS, "content-range": "8-15" },
        body: BYTES.slice(8),
      });

      expect(stored.status).toBe(201);
    });

    it("refuses a chunk out of order, and says how far it is", async () => {
      const target = await open();
      const opened = await call(target, "POST", "blobs/uploads/");
      const first = await patch(locationOf(target, opened), 0, 8);

      const wrong = await patch(locationOf(target, first), 10, 16);
      const status = await fetch(locationOf(target, first));

      expect(wrong.status).toBe(416);
      expect(status.status).toBe(204);
      expect(status.headers.get("range")).toBe("0-7");
    });

    it("refuses bytes that do not hash to the digest", async () => {
      const target = await open();

      const response = await pushBlob(target, BYTES, OTHER);

      expect(response.status).toBe(400);
      expect((await call(target, "HEAD", `blobs/${OTHER}`)).status).toBe(404);
    });

    it("mounts a blob of another repository, or opens a session instead", async () => {
      const target = await open();
      const source = await open();
      await pushBlob(source, BYTES, DIGEST);

      const query = new URLSearchParams({ mount: DIGEST, from: source.name }).toString();
      const response = await call(target, "POST", `blobs/uploads/?${query}`);

      expect([201, 202]).toContain(response.status);
      const found = await call(target, "HEAD", `blobs/${DIGEST}`);
      expect(found.status).toBe(response.status === 201 ? 200 : 404);
    });

    it("opens a session when the blob to mount is not there", async () => {
      const target = await open();
      const source = await open();
      await pushBlob(source, BYTES, DIGEST);

      const query = new URLSearchParams({ mount: OTHER, from: source.name }).toString();
      const response = await call(target, "POST", `blobs/uploads/?${query}`);

      expect(response.status).toBe(202);
    });
  });
}

function patch(location: URL, start: number, end: number): Promise<Response> {
  return fetch(location, {
    method: "PATCH",
    headers: { ...OCTETS, "content-range": `${start}-${end - 1}` },
    body: BYTES.slice(start, end),
  });
}
