/** What the scripts of pages make their elements with, and the controls that their lists have. */
export const CONTROLS = `
const make = (name, className, text) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const search = make("input");
search.type = "search";
search.placeholder = "Search tag, digest, image, commit, reason";
search.setAttribute("aria-label", search.placeholder);
const chooser = (label, options) => {
  const select = make("select");
  select.setAttribute("aria-label", label);
  for (const [value, text] of options) {
    const option = make("option", "", text);
    option.value = value;
    select.append(option);
  }
  return select;
};
`;
