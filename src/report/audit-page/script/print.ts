/** On paper the first rows of the list stand as a plain table. */
export const PRINT = `
const MAX_PRINTED = 500;
const printed = document.getElementById("printed");
window.addEventListener("beforeprint", () => {
  const table = make("table");
  const row = (cell, values) => {
    const element = make("tr");
    for (const value of values) element.append(make(cell, "", value));
    return element;
  };
  table.append(row("th", COLUMNS.map(([, text]) => text)));
  for (const each of matching.slice(0, MAX_PRINTED)) table.append(row("td", COLUMNS.map(([, , , , text]) => text(each))));
  const rest = matching.length - MAX_PRINTED;
  printed.replaceChildren(make("h2", "", "Tags"), table);
  if (rest > 0) printed.append(make("p", "soft", "and " + rest + " more, which are in the page on a screen"));
});
window.addEventListener("afterprint", () => printed.replaceChildren());
`;
