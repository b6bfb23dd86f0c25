import { tmpdir } from "node:os";
import { resolve } from "node:path";

import { Command } from "commander";

import type { LockDeps, RegistryDeps } from "../commands/deps.ts";
import { UsageError } from "../commands/error.ts";
import type { PublishImage } from "../commands/publish/request.ts";
import type { PublishRunRequest } from "../commands/publish/run-publish.ts";
import { parseRepository } from "../oci/reference.ts";
import type { Source } from "../sources/source.ts";
import { sha3Hash } from "../stages/hash.ts";
import type { Host } from "./host.ts";
import { digestOfInputs, notFinalOf, parseImages } from "./publish-images.ts";
import type { NamedImage } from "./publish-images.ts";
import { withPublishOptions } from "./publish-options.ts";
import type { PublishFlags } from "./publish-options.ts";
import { publishSettings } from "./publish-settings.ts";
import type { PublishSettings } from "./publish-settings.ts";
import { openBuildReport, readBuildReport } from "./publish-report.ts";

export function publishCommand(host: Host): Command {
  const command = new Command("publish")
    .summary("publish images as stages")
    .description(
      "Publishes images under tags that say what is in them; what is there already is found, not sent again. SOURCE is oci:DIR, oci-archive:FILE, docker-archive:FILE, or a reference into a registry. The nameless image is written ~=SOURCE.",
    )
    .argument("[images...]", "NAME=SOURCE for each image; with --use-build-report names alone");
  return withPublishOptions(command, host.env).action(
    async (words: readonly string[], _flags: PublishFlags, action: Command) => {
      const flags = action.opts<PublishFlags>();
      const images = parseImages(words, { needsSource: !flags.useBuildReport });
      const settings = await publishSettings(flags, host);
      if (flags.useBuildReport) return useBuildReport(host, flags, settings, images);
      if (images.length === 0) {
        throw new UsageError("no image is named; write NAME=SOURCE for each one to publish");
      }
      if (flags.dryRun) return preview(host, flags, settings, images);
      return publishImages(host, flags, settings, images);
    },
  );
}

async function publishImages(
  host: Host,
  flags: PublishFlags,
  settings: PublishSettings,
  images: readonly NamedImage[],
): Promise<void> {
  const { runPublish } = await import("../commands/publish/run-publish.ts");
  const { printPublish } = await import("./print-publish.ts");
  const names = images.map(({ name }) => name);
  await using report = await openBuildReport(flags, names);
  const result = await host.run(flags, async (deps) => {
    const run = await withRequest(flags, settings, images, deps, (request) =>
      runPublish(request, { ...deps, random: Math.random }),
    );
    return { ...run, requests: deps.requests() };
  });
  await report.write(result.images, settings);
  await printPublish({ host, flags, settings }, result);
  host.exit(0);
}

/** Tells what a publishing would do. */
async function preview(
  host: Host,
  flags: PublishFlags,
  settings: PublishSettings,
  images: readonly NamedImage[],
): Promise<void> {
  const { previewRun } = await import("../commands/publish/run-publish.ts");
  const { printPreview } = await import("./print-publish.ts");
  const result = await host.run(flags, async (deps) => {
    const run = await withRequest(flags, settings, images, deps, (request) =>
      previewRun(request, { ...deps, random: Math.random }),
    );
    return { ...run, requests: deps.requests() };
  });
  printPreview({ host, flags, settings }, result);
  host.exit(0);
}

/** Records what a build report tells of. */
async function useBuildReport(
  host: Host,
  flags: PublishFlags,
  settings: PublishSettings,
  images: readonly NamedImage[],
): Promise<void> {
  if (flags.dryRun) {
    throw new UsageError("--use-build-report publishes nothing, so there is no --dry-run of it");
  }
  const names = images.map(({ name }) => name);
  const reported = await readBuildReport(flags, names);
  const wanted = reported.map(({ repository, ...image }) => ({
    ...image,
    repository: parseRepository(repository, (path) => resolve(path)),
  }));
  const { recordBuilt } = await import("../commands/publish/build-report.ts");
  const { printRecorded } = await import("./print-publish.ts");
  const result = await host.run(flags, async (deps) => {
    const recorded = await recordBuilt(wanted, settings.records, deps);
    return { ...recorded, requests: deps.requests() };
  });
  await printRecorded({ host, flags, settings }, result);
  host.exit(0);
}

/** Opens the sources for the time of `work`. */
async function withRequest<Result>(
  flags: PublishFlags,
  settings: PublishSettings,
  images: readonly NamedImage[],
  deps: RegistryDeps & LockDeps,
  work: (request: PublishRunRequest) => Promise<Result>,
): Promise<Result> {
  const notFinal = notFinalOf(flags.notFinal, images);
  const opened: PublishImage[] = [];
  try {
    for (const { name, source: text } of images) {
      const source = await openImageSource(text ?? "", deps);
      const image = { name, source, isFinal: !notFinal.has(name) };
      opened.push(image);
      const stageDigest = await stageDigestOf(flags, images, source);
      if (stageDigest !== undefined) opened.splice(-1, 1, { ...image, stageDigest });
    }
    const { records, publish } = settings;
    return await work({ publish: { ...publish, images: opened }, records });
  } finally {
    for (const { source } of opened) await source[Symbol.asyncDispose]();
  }
}

async function openImageSource(text: string, deps: RegistryDeps): Promise<Source> {
  const { openSource } = await import("../sources/open.ts");
  return openSource(text, {
    openRegistry: (repository) => deps.openRegistry(repository, "from"),
    resolvePath: (path) => resolve(path),
    tempDir: tmpdir(),
    warn: (message) => deps.report({ type: "warning.raised", message }),
    signal: deps.signal,
  });
}

/** The digest that the command line gives the one image; `undefined` where its content gives it. */
async function stageDigestOf(
  { stageDigest, digestInput }: PublishFlags,
  images: readonly NamedImage[],
  { images: platforms }: Source,
): Promise<string | undefined> {
  if (stageDigest === undefined && digestInput.length === 0) return undefined;
  const option = stageDigest === undefined ? "--digest-input" : "--stage-digest";
  if (stageDigest !== undefined && digestInput.length > 0) {
    throw new UsageError("--stage-digest and --digest-input both give the digest; use one");
  }
  if (images.length > 1) {
    throw new UsageError(
      `${option} gives one image its digest, and ${images.length} are named; publish them one by one`,
    );
  }
  if (stageDigest !== undefined) return stageDigest;
  const digest = await digestOfInputs(digestInput);
  const [first, second] = platforms;
  // As the publisher does for each of several platforms: another platform is another content.
  return first === undefined || second !== undefined ? digest : sha3Hash(first.platform, digest);
}
