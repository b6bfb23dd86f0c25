/** Most annotations of one level that GitHub shows of a step. Source: its limits of workflow commands. */
export const MAX_ANNOTATIONS = 10;

/**
 * A workflow command that GitHub shows beside the run. Source: "Workflow commands for GitHub Actions"; `%`, and the ends of
 * lines, are escaped, in a property the signs that end it too.
 */
export function annotation(
  level: "error" | "warning" | "notice",
  title: string,
  text: string,
): string {
  return `::${level} title=${escapeProperty(title)}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
