import { jobRoutes } from "./job-routes.js";
import { legacyRoutes } from "./legacy-routes.js";
import { operationRoutes } from "./operation-routes.js";

/** Every endpoint, once. The api mounts this table; `/openapi.json` and the SDK are computed from it. */
export const routes = { ...jobRoutes, ...operationRoutes, ...legacyRoutes } as const;

export type RouteName = keyof typeof routes;
