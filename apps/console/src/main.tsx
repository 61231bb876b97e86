import "./no-eval.js";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@mantine/core/styles.css";
import "./styles/page.css";
import { applyTheme } from "./app/app-theme.js";
import { ConsoleApp } from "./app/console-app.js";
import { chooseLanguage } from "./i18n/language.js";

applyTheme();
const language = await chooseLanguage();
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element `root`.");
createRoot(root).render(
  <StrictMode>
    <ConsoleApp language={language} />
  </StrictMode>,
);
