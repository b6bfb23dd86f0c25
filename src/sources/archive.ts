import { splitDigest } from "../oci/digest.ts";
import { openArchiveFile } from "../tar/open-archive.ts";
import { readTarTable } from "../tar/table.ts";
import type { TarTable } from "../tar/table.ts";
import type { Wanted } from "./choose.ts";
import { fileContent, readWhole } from "./content.ts";
import type { SourceDeps } from "./deps.ts";
import { isSameImageName, readSavedImage } from "./docker-archive.ts";
import type { Images } from "./images.ts";
import { MAX_INDEX_BYTES, readLayout } from "./layout.ts";
import type { LayoutRequest } from "./layout.ts";
import type { OpenedSource } from "./open.ts";
import { SourceError } from "./source.ts";
import type { Source } from "./source.ts";

/** What is read out of an archive. */
type Found = Images & Pick<Source, "openBlob">;

/**
 * Opens a tar archive: one of an OCI image layout, or of `docker save`. What `docker save` writes is read as a layout where
 * it is one as well, because only that keeps the manifests.
 */
export async function openArchive(
  kind: "oci-archive" | "docker-archive",
  { path, wanted }: { readonly path: string; readonly wanted: Wanted },
  deps: SourceDeps,
): Promise<OpenedSource> {
  const file = await openArchiveFile(path, deps);
  try {
    const table = await readTarTable(file, deps);
    const found = await readArchive(kind, { table, wanted, deps });
    return { ...found, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface ArchiveRequest {
  readonly table: TarTable;
  readonly wanted: Wanted;
  readonly deps: SourceDeps;
}

async function readArchive(
  kind: "oci-archive" | "docker-archive",
  request: ArchiveRequest,
): Promise<Found> {
  const isLayout =
    request.table.find("oci-layout") !== undefined &&
    request.table.find("index.json") !== undefined;
  if (kind === "oci-archive") {
    if (isLayout) return await readLayoutArchive(request, { sparse: false });
    throw new SourceError(
      "holds no OCI image layout: it has no index.json; write docker-archive:FILE for what docker save wrote",
    );
  }
  if (isLayout) {
    return await readLayoutArchive(request, { sparse: true, isSameName: isSameImageName });
  }
  return await readSavedImage(request.table, request.wanted, request.deps.signal);
}

async function readLayoutArchive(
  { table, wanted, deps: { signal, warn } }: ArchiveRequest,
  options: Pick<LayoutRequest, "sparse" | "isSameName">,
): Promise<Found> {
  const file = table.find("index.json");
  if (file === undefined) throw new SourceError("has no index.json");
  const index = await readWhole(file, { limit: MAX_INDEX_BYTES, what: "index.json", signal });
  const content = fileContent(async (digest) => {
    return table.find(`blobs/${splitDigest(digest).join("/")}`);
  }, signal);
  const images = await readLayout({ index, wanted, content, warn, ...options });
  return { ...images, openBlob: content.openBlob };
}
