/**
 * The page at `/docs`: Swagger UI over this server's OpenAPI document. "Try it out" begins with nothing filled
 * in but what is required, so that it sends what its user wrote and nothing else.
 */
const { SwaggerUIBundle } = window;
const place = document.querySelector("#reference");

followTheme(matchMedia("(prefers-color-scheme: dark)"));
try {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  show(withoutFillings(await response.json()));
} catch (error) {
  place.textContent = `The OpenAPI document could not be loaded (${error.message}). Load the page again.`;
  place.setAttribute("role", "alert");
}

/** Swagger UI has its dark colors under a class. */
function followTheme(dark) {
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

function show(spec) {
  SwaggerUIBundle({
    spec,
    domNode: place,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    syntaxHighlight: { activated: false }, // its colors are too pale
    validatorUrl: null, // its badge is an image from another site
    plugins: [startsEmpty, hasNoNestedLinks],
  });
  nameParts();
  new MutationObserver(nameParts).observe(place, { childList: true, subtree: true });
}

/** Swagger UI sends a form's optional fields empty, unless "Send empty value" is not ticked: so it begins without. */
function startsEmpty({ React }) {
  const wrap = (Box) => (props) => {
    const isIncludedOptions = { ...props.isIncludedOptions, defaultValue: false };
    return React.createElement(Box, { ...props, isIncludedOptions });
  };
  return { wrapComponents: { ParameterIncludeEmpty: wrap } };
}

/** The path of an operation stands in the button that opens it, where a link of its own is not reached. */
function hasNoNestedLinks({ React }) {
  return { components: { DeepLink: ({ text }) => React.createElement("span", null, text) } };
}

/** Names for what assistive technology would read without one, and a place in the order of keys for what scrolls. */
function nameParts() {
  const introduction = place.querySelector(".info");
  introduction?.setAttribute("id", "introduction");
  introduction?.setAttribute("role", "region");
  label(".info", () => "Introduction");
  label(".operation-filter-input", () => "Filter by tag or path");
  label(".examples-select-element", () => "Example");
  label(
    "textarea, input[type=file]",
    (field) => field.closest("[data-property-name]")?.dataset.propertyName ?? "Body",
  );
  for (const scroller of place.querySelectorAll("pre:not(.version, [tabindex])")) scroller.tabIndex = 0;
}

function label(selector, nameOf) {
  for (const element of place.querySelectorAll(`:is(${selector}):not([aria-label])`))
    element.setAttribute("aria-label", nameOf(element));
}

/**
 * The document without the values that Swagger UI would make up for what is optional. It fills in the first
 * example of a schema, so that becomes an empty one, and of a JSON body what is required.
 */
function withoutFillings(spec) {
  const operations = Object.values(spec.paths).flatMap((path) => Object.values(path));
  for (const operation of operations) {
    for (const parameter of operation.parameters ?? []) {
      if (parameter.required) continue;
      if (parameter.schema.type === "object") parameter.example = {};
      else delete parameter.schema.examples;
    }
    for (const [mediaType, body] of Object.entries(operation.requestBody?.content ?? {})) {
      const schema = resolved(body.schema, spec);
      if (mediaType === "multipart/form-data") body.schema = withEmptyFields(schema, spec);
      else body.example = requiredOf(schema, spec);
    }
  }
  return spec;
}

function withEmptyFields(form, spec) {
  const fields = Object.entries(form.properties).map(([name, schema]) =>
    form.required?.includes(name) ? [name, schema] : [name, { ...resolved(schema, spec), examples: [""] }],
  );
  return { ...form, properties: Object.fromEntries(fields) };
}

/** A value of the schema with as little in it as it allows. */
function requiredOf(schema, spec) {
  const { type, examples, enum: words, required = [], properties = {}, items } = resolved(schema, spec);
  if (type === "object") {
    const members = required.map((name) => [name, requiredOf(properties[name] ?? {}, spec)]);
    return Object.fromEntries(members);
  }
  if (type === "array") return items === undefined ? [] : [requiredOf(items, spec)];
  return examples?.[0] ?? words?.[0] ?? (type === "string" ? "" : null);
}

/** A schema with its members in place of a reference to a component. */
function resolved(schema, spec) {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema?.$ref ?? "")?.[1];
  if (name === undefined) return schema;
  const { $ref: _, ...own } = schema;
  return { ...spec.components.schemas[name], ...own };
}
