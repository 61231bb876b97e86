export { misspeltSettings, parseSettings } from "./parse-settings.js";
export {
  DEFAULTS,
  describeSettings,
  receiverPolicyOf,
  type SettingDescription,
  type Settings,
  type TrustedProxies,
  trustedProxiesOf,
} from "./settings-table.js";
