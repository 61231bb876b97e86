export type { EnvironmentKey } from "./key-settings.js";
export { misspeltSettings, parseSettings } from "./parse-settings.js";
export {
  DEFAULTS,
  describeSettings,
  receiverPolicyOf,
  type SettingDescription,
  type Settings,
  type TrustedProxies,
  tenantLimitsOf,
  trustedProxiesOf,
} from "./settings-table.js";
