import {
  convertCssVariables,
  createTheme,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  type MantineColorsTuple,
  mergeMantineTheme,
} from "@mantine/core";

/** The one accent. White on shade 7, and shade 4 on the dark page, have a contrast above 4.5 to 1. */
const pine: MantineColorsTuple = [
  "#eef8f4",
  "#dcefe8",
  "#b6decf",
  "#8bccb4",
  "#68bd9e",
  "#4aa587",
  "#328a6e",
  "#1f6f5c",
  "#185a4b",
  "#10443a",
];

/** Greys of the dark pages: text first, the page itself is shade 7. */
const dark: MantineColorsTuple = [
  "#dbe1de",
  "#bcc5c1",
  "#97a39d",
  "#74807a",
  "#414c47",
  "#323b37",
  "#262e2b",
  "#1b2220",
  "#151b19",
  "#101513",
];

const sans =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "Helvetica Neue", sans-serif';

/** How the pages look, beside `styles/`. */
export const theme = createTheme({
  colors: { pine, dark },
  primaryColor: "pine",
  primaryShade: 7,
  defaultRadius: "md",
  fontFamily: sans,
  headings: { fontFamily: sans, fontWeight: "650" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "md" } },
    // The library behind `lockScroll` adds a style element, which the content security policy forbids.
    Modal: { defaultProps: { lockScroll: false, centered: true, radius: "lg" } },
    Drawer: { defaultProps: { lockScroll: false } },
  },
});

/** Mantine's own are too faint: these have a contrast of 4.5 to 1 and more on the page and on cards. */
const legible = {
  light: {
    "--mantine-color-dimmed": "#59635e",
    "--mantine-color-placeholder": "#6b7570",
    "--mantine-color-error": "#b42323",
  },
  dark: {
    "--mantine-color-dimmed": "#a6b1ac",
    "--mantine-color-placeholder": "#95a19b",
    "--mantine-color-error": "#ff9c94",
  },
};

/**
 * Gives the page the theme's variables as a constructed style sheet: Mantine would write them into a style
 * element, which the content security policy forbids. For the same reason no component here takes a
 * property by breakpoints, as `cols={{ base: 1, sm: 2 }}` or `hiddenFrom`; media queries stand in `styles/`.
 */
export function applyTheme(): void {
  const made = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const variables = {
    ...made,
    light: { ...made.light, ...legible.light },
    dark: { ...made.dark, ...legible.dark },
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(convertCssVariables(variables, ":root"));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
