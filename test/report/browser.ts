import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";

export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme?: "light" | "dark";
  readonly scripts?: boolean;
}

/** A page in a real browser. */
export interface Page {
  /** The value of an expression in the page; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>;
  /** PNG. */
  screenshot(options?: { readonly whole: boolean }): Promise<Buffer>;
  /** Addresses that the page asked for, itself excluded. */
  requests(): readonly string[];
  /** What the browser wrote to its console: exceptions, violations of the page's policy. */
  complaints(): readonly string[];
}

export interface Browser extends AsyncDisposable {
  open(file: string, view: View): Promise<Page>;
}

/** Starts a headless Chromium of its own. */
export async function startBrowser(program: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "tidemark-browser-"));
  const flags = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-sync",
  ];
  const quiet = [
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
  ];
  const child = spawn(
    program,
    [...flags, ...quiet, "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"],
    { stdio: "ignore" },
  );
  const ended = new Promise<void>((settle) => child.once("exit", () => settle()));
  const [port, path] = await readPort(profile);
  const connection = await connect(`ws://127.0.0.1:${port}${path}`);
  return {
    open: (file, view) => openPage(connection, pathToFileURL(file).href, view),
    async [Symbol.asyncDispose]() {
      connection.close();
      child.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openPage(browser: Connection, url: string, view: View): Promise<Page> {
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  const session = String(sessionId);
  const send = (method: string, params: object = {}): Promise<Answer> =>
    browser.send(method, params, session);
  const requests: string[] = [];
  const complaints: string[] = [];
  const loaded = Promise.withResolvers<void>();
  browser.listen(session, (method, params) => {
    if (method === "Page.loadEventFired") loaded.resolve();
    if (method === "Network.requestWillBeSent") requests.push(textAt(params, "request", "url"));
    if (method === "Runtime.exceptionThrown") complaints.push(JSON.stringify(params));
    if (method === "Log.entryAdded") complaints.push(textAt(params, "entry", "text"));
  });
  for (const domain of ["Page", "Network", "Runtime", "Log"]) await send(`${domain}.enable`);
  const { width, height, scheme = "light", scripts = true } = view;
  await send("Emulation.setDeviceMetricsOverride", {
    width,
    height,
    deviceScaleFactor: 1,
    mobile: width < 600,
  });
  await send("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: scheme }],
  });
  await send("Emulation.setScriptExecutionDisabled", { value: !scripts });
  await send("Page.navigate", { url });
  await loaded.promise;
  return {
    async evaluate(expression) {
      const answer = await send("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      const { exceptionDetails, result } = answer;
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return typeof result === "object" && result !== null && "value" in result
        ? result.value
        : undefined;
    },
    async screenshot({ whole } = { whole: false }) {
      const { data } = await send("Page.captureScreenshot", {
        format: "png",
        captureBeyondViewport: whole,
      });
      return Buffer.from(String(data), "base64");
    },
    requests: () => requests.filter((address) => address !== url),
    complaints: () => complaints,
  };
}

type Answer = Readonly<Record<string, unknown>>;

/** A connection to the browser. Source: the Chrome DevTools Protocol. */
interface Connection {
  send(method: string, params: object, session?: string): Promise<Answer>;
  listen(session: string, listener: (method: string, params: unknown) => void): void;
  close(): void;
}

async function connect(address: string): Promise<Connection> {
  const socket = new WebSocket(address);
  const waiting = new Map<number, (answer: Answer) => void>();
  const listeners = new Map<string, (method: string, params: unknown) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const message: unknown = JSON.parse(String(data));
    if (!isAnswer(message)) return;
    const { id, sessionId, method, params } = message;
    if (typeof id === "number") waiting.get(id)?.(message);
    else listeners.get(String(sessionId))?.(String(method), params);
  });
  await new Promise((settle, reject) => {
    socket.addEventListener("open", settle);
    socket.addEventListener("error", reject);
  });
  return {
    async send(method, params, sessionId) {
      last += 1;
      const id = last;
      const answered = new Promise<Answer>((settle) => waiting.set(id, settle));
      socket.send(
        JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
      );
      const { error, result } = await answered;
      waiting.delete(id);
      if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
      return isAnswer(result) ? result : {};
    },
    listen: (session, listener) => void listeners.set(session, listener),
    close: () => socket.close(),
  };
}

/** The browser writes its port into a file when it listens. */
async function readPort(profile: string): Promise<[port: string, path: string]> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const text = await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "");
    const [port, path] = text.split("\n");
    if (port !== undefined && path !== undefined && path !== "") return [port, path];
    await setTimeout(50);
  }
  throw new Error("the browser did not start");
}

function textAt(value: unknown, ...path: readonly string[]): string {
  const found = path.reduce<unknown>((at, key) => (isAnswer(at) ? at[key] : undefined), value);
  return String(found);
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null;
}
