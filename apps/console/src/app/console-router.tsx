import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  parseSearchWith,
  stringifySearchWith,
} from "@tanstack/react-router";
import { MissingPage } from "../components/notice.js";
import { parseJobSearch } from "../desk/job-search.js";
import { HomePage } from "../pages/home-page.js";
import { MyJobPage } from "../pages/my-job-page.js";
import { ProcessorPage } from "../pages/processor-page.js";
import { ConsoleShell, DeskGate } from "./console-shell.js";

/**
 * The pages by their addresses. The api serves them under the same ones: `apps/api/src/operations/console.ts`
 * has the list. What is not the first look is loaded when somebody goes there.
 */
const root = createRootRoute({ component: ConsoleShell, notFoundComponent: MissingPage });
const pageAt = <P extends string>(path: P) => ({ getParentRoute: () => root, path });

const home = createRoute({ ...pageAt("/"), component: HomePage });
const processor = createRoute({ ...pageAt("/p/$processor"), component: ProcessorPage });
const myJobs = createRoute({
  ...pageAt("/my-jobs"),
  component: lazyRouteComponent(() => import("../pages/my-jobs-page.js"), "MyJobsPage"),
});
const myJob = createRoute({ ...pageAt("/my-jobs/$jobId"), component: MyJobPage });

/** All that needs the scope `admin`: its pages are shown to nobody else. */
const desk = createRoute({ getParentRoute: () => root, id: "desk", component: DeskGate });
const deskAt = <P extends string>(path: P) => ({ getParentRoute: () => desk, path });
const overview = createRoute({
  ...deskAt("/overview"),
  component: lazyRouteComponent(() => import("../pages/desk-overview-page.js"), "DeskOverviewPage"),
});
const jobs = createRoute({
  ...deskAt("/jobs"),
  validateSearch: parseJobSearch,
  component: lazyRouteComponent(() => import("../pages/desk-jobs-page.js"), "DeskJobsPage"),
});
const job = createRoute({
  ...deskAt("/jobs/$jobId"),
  component: lazyRouteComponent(() => import("../pages/desk-job-page.js"), "DeskJobPage"),
});
const workers = createRoute({
  ...deskAt("/workers"),
  component: lazyRouteComponent(() => import("../pages/desk-workers-page.js"), "DeskWorkersPage"),
});
const queues = createRoute({
  ...deskAt("/queues"),
  component: lazyRouteComponent(() => import("../pages/desk-queues-page.js"), "DeskQueuesPage"),
});

const routeTree = root.addChildren([
  home,
  processor,
  myJobs,
  myJob,
  desk.addChildren([overview, jobs, job, workers, queues]),
]);

/** Reads and writes the address bar. */
export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  scrollRestoration: false,
  // What an address asks for is text, as a person types it; the library would put JSON there.
  parseSearch: parseSearchWith((text) => text),
  stringifySearch: stringifySearchWith(String),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
