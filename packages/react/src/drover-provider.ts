import type { Client } from "@drover/client";
import { createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";

const ClientContext = createContext<Client | undefined>(undefined);

export interface DroverProviderProps {
  /** Made once, with `createClient` of `@drover/client`. */
  readonly client: Client;
  readonly children?: ReactNode;
}

/** Gives the hooks and components below it the server that they speak to. */
export function DroverProvider({ client, children }: DroverProviderProps): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/**
 * The client of the nearest `DroverProvider`.
 * @throws `Error` where there is none.
 */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error("There is no <DroverProvider client={…}> above this component.");
  return client;
}
