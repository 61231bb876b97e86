export { misspeltSettings, parseSettings } from "./parse-settings.js";
export { DEFAULTS, SETTINGS, type SettingName, type Settings } from "./settings-table.js";
export type { SettingInfo, SettingReader } from "./value-kinds.js";
