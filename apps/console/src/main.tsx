import "./no-eval.js";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
// The style sheets of the library's parts that the first look needs; all of them would be four times as much. A page
// that is loaded later imports those of its own parts, each after those that it is made of.
import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/Loader.css";
import "@mantine/core/styles/Button.css";
import "@mantine/core/styles/ActionIcon.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/Combobox.css";
import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/PasswordInput.css";
import "@mantine/core/styles/Progress.css";
import "@mantine/core/styles/Switch.css";
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
