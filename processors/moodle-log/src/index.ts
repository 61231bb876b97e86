export { moodleLog as default, moodleLog } from "./processor.js";
