import { Pool } from "undici";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { REPOSITORY, content } from "./content.ts";
import { CONCURRENCY, measureLoader } from "./loader.ts";

/** `bare.ts HOST`: the same requests by undici alone, their bodies dropped or held, never looked at. */
const [host = ""] = process.argv.slice(2);
const pool = new Pool(`http://${host}`, { connections: CONCURRENCY, allowH2: false });
const headers = { accept: OCI_MANIFEST };
const rates = await measureLoader(content(), {
  head: async (tag) => {
    const path = `/v2/${REPOSITORY}/manifests/${tag}`;
    const { statusCode, body } = await pool.request({
      method: "HEAD",
      path,
      headers,
      reset: false,
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
  },
  read: async ({ manifest, config }) => {
    await get(`/v2/${REPOSITORY}/manifests/${manifest}`);
    await get(`/v2/${REPOSITORY}/blobs/${config}`);
  },
});
await pool.close();
process.stdout.write(JSON.stringify(rates));

async function get(path: string): Promise<void> {
  const { statusCode, body } = await pool.request({ method: "GET", path, headers });
  await body.arrayBuffer();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
}
