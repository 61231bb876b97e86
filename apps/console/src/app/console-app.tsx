import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { queryClient } from "../api/drover.js";
import { type Language, LanguageProvider } from "../i18n/language.js";
import { theme } from "./app-theme.js";
import { router } from "./console-router.js";

/** All pages, with what they stand on: theme, language, queries, routes. */
export function ConsoleApp({ language }: { readonly language: Language }) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses
    >
      <LanguageProvider initial={language}>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  );
}
