/** How a script sets variables, and says something to its reader. */
export interface Shell {
  /** Of a file with such a script, with the dot. */
  readonly extension: string;
  /** What such a file begins with, besides its lines. */
  readonly start: string;
  readonly lineEnd: string;
  /** Sets a variable for everything that runs later. Throws `UnwritableError`. */
  set(name: string, value: string): string;
  /** Sets a variable to what another has. */
  copy(name: string, from: string): string;
  /** @param text One line of our own words. */
  comment(text: string): string;
  /** Ends whoever runs the script, as a failure. */
  readonly fail: string;
}

export type ShellName = "default" | "cmdexe" | "powershell";

/** A value that a shell has no way to write. */
export class UnwritableError extends Error {
  override readonly name = "UnwritableError";
}

/** Any Unix shell. Source: POSIX, Shell Command Language, 2.2.2: in single quotes all but the quote is itself. */
const unix: Shell = {
  extension: ".sh",
  start: "",
  lineEnd: "\n",
  set: (name, value) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`,
  copy: (name, from) => `export ${name}="\${${from}-}"`,
  comment: (text) => `# ${text}`,
  fail: "exit 1",
};

/**
 * Windows PowerShell and PowerShell. Source: about_Quoting_Rules: in single quotes all but the quote is itself, and it is
 * doubled; typographic quotes count as one. The older of the two takes a file without a mark for the system's code page.
 */
const powershell: Shell = {
  extension: ".ps1",
  start: "\uFEFF",
  lineEnd: "\n",
  set: (name, value) => `$env:${name} = '${value.replaceAll(/['\u2018-\u201B]/g, "$&$&")}'`,
  copy: (name, from) => `$env:${name} = $env:${from}`,
  comment: (text) => `# ${text}`,
  fail: "exit 1",
};

/** The longest line that the interpreter reads. Source: Microsoft, "Command prompt line string limitation". */
const MAX_CMD_LINE = 8191;

/**
 * A batch file of cmd.exe, none of whose lines is shown. Source: `set /?`; Microsoft, "cmd", on quotes and special
 * characters: the quotes are around the whole assignment, `%` is doubled, and after a quote inside the value what the
 * interpreter acts on is escaped up to the next one.
 */
const cmdexe: Shell = {
  extension: ".bat",
  start: "",
  lineEnd: "\r\n",
  set(name, value) {
    if (/[\r\n]/.test(value)) {
      throw new UnwritableError(`${name} has more than one line, which cmd.exe cannot set`);
    }
    const line = `@set "${name}=${escapeForCmd(value)}"`;
    if (line.length <= MAX_CMD_LINE) return line;
    throw new UnwritableError(`${name} is longer than a line of cmd.exe may be`);
  },
  copy: (name, from) => `@set "${name}=%${from}%"`,
  comment: (text) => `@rem ${text}`,
  fail: "@exit /b 1",
};

/** Begins within quotes. The last quote of the line is where the value ends, whatever stands before it. */
function escapeForCmd(value: string): string {
  let isQuoted = true;
  let escaped = "";
  for (const sign of value.replaceAll("%", "%%")) {
    if (sign === '"') isQuoted = !isQuoted;
    escaped += !isQuoted && /[&|<>^()]/.test(sign) ? `^${sign}` : sign;
  }
  return escaped;
}

export const SHELLS: Readonly<Record<ShellName, Shell>> = { default: unix, cmdexe, powershell };

/**
 * A file of `NAME=VALUE` lines that shells, dotenv readers and Node read alike. What they read differently has no place in
 * it: a plain value is not quoted, and there are no comments and no empty lines, as files for later steps of GitHub and
 * later jobs of GitLab can have none.
 */
export const ENV_FILE: Omit<Shell, "copy" | "comment" | "fail"> = {
  extension: ".env",
  start: "",
  lineEnd: "\n",
  set(name, value) {
    if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(value)) return `${name}=${value}`;
    if (!/['\r]/.test(value)) return `${name}='${value}'`;
    if (!/["$`\\\r\n]/.test(value)) return `${name}="${value}"`;
    throw new UnwritableError(
      `${name} has quotes or ends of lines that readers of env files take differently; use --as-file`,
    );
  },
};
