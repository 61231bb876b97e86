export { misspeltSettings, parseSettings } from "./parse-settings.js";
export { DEFAULTS, describeSettings, type SettingDescription, type Settings } from "./settings-table.js";
