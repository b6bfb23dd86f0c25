/** The list of all findings, in portions, with filters. */
export const FINDINGS = `
const AT_FIRST = 10;
const PORTION = 50;
const findingList = document.getElementById("finding-list");
if (findingList) {
  const count = document.getElementById("finding-count");
  const namesOf = (names, place) => {
    const counts = new Array(names.length).fill(0);
    for (const finding of data.findings) counts[finding[place]] += 1;
    return names.map((name, at) => [String(at), name + " (" + counts[at] + ")", counts[at]]).filter(([, , many]) => many > 0);
  };
  const severity = chooser("Severity", [["", "every severity"], ...namesOf(data.severities, 1).reverse()]);
  const rule = chooser("Rule", [["", "every rule"], ...namesOf(data.rules, 0)]);
  const repository = chooser("Repository of findings", [["", "every repository"], ...namesOf(data.repositories, 2)]);
  const box = document.getElementById("finding-tools");
  box.append(severity, rule);
  if (several) box.append(repository);
  const more = make("button");
  more.type = "button";
  findingList.after(more);
  let shown = [];
  let next = 0;
  const item = ([ruleOf, level, at, subject, message, advice]) => {
    const element = make("li");
    const isRow = typeof subject === "number";
    const about = isRow ? linkTo(subject) : make("span", "", subject || data.repositories[at]);
    element.append(make("span", "chip " + data.severities[level], data.severities[level]), make("code", "", data.rules[ruleOf]), " ", about,
      ...(several && (isRow || subject) ? [" ", make("span", "soft", data.repositories[at])] : []),
      make("div", "", message), make("div", "soft", data.advice[advice]));
    return element;
  };
  const showMore = () => {
    const end = Math.min(shown.length, next + (next === 0 ? AT_FIRST : PORTION));
    findingList.append(...shown.slice(next, end).map(item));
    next = end;
    more.hidden = next >= shown.length;
    more.textContent = "Show " + Math.min(PORTION, shown.length - next) + " more";
  };
  const filter = () => {
    const wants = (select, value) => select.value === "" || Number(select.value) === value;
    shown = data.findings.filter((each) => wants(rule, each[0]) && wants(severity, each[1]) && wants(repository, each[2]));
    count.textContent = shown.length + " of " + data.findings.length;
    findingList.replaceChildren();
    next = 0;
    showMore();
  };
  for (const select of [severity, rule, repository]) select.addEventListener("change", filter);
  more.addEventListener("click", showMore);
  filter();
}
`;
