import { expect, it } from "vitest";

import { serveLocks } from "./lock-server.ts";
import { readTranscripts, replay } from "./transcript.ts";

it.each(readTranscripts())("answers as in $name: $about", async (transcript) => {
  await using server = await serveLocks();

  await replay(server.url, transcript, server.pass);

  expect(server.failures).toEqual([]);
});
