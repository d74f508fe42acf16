/** What a person does in a browser: follow redirects with cookies, and fill in forms. */

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

export class Browser {
  private readonly cookies = new Map<string, Map<string, string>>();
  /** Addresses that it was at, without what they ask. */
  readonly visited: string[] = [];

  open(url: string): Promise<Page> {
    return this.follow(new URL(url), { method: "GET" });
  }

  /** Sends the one form of the page whose action matches, with what is hidden in it. */
  submit(page: Page, action: RegExp, fields: Record<string, string>): Promise<Page> {
    const form = forms(page).find((each) => action.test(each.action));
    if (form === undefined) throw new Error(`no form for ${action} at ${page.url}: HTTP ${page.status}\n${page.text}`);
    const body = new URLSearchParams({ ...form.hidden, ...fields });
    return this.follow(new URL(form.action, page.url), { method: "POST", body });
  }

  private async follow(url: URL, init: RequestInit): Promise<Page> {
    this.visited.push(`${url.origin}${url.pathname}`);
    const cookie = [...this.of(url)].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=;]+)=([^;]*)/.exec(set) ?? [];
      if (value === "" || /;\s*max-age=0/i.test(set)) this.of(url).delete(name);
      else this.of(url).set(name, value);
    }
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null)
      return { url: url.href, status: response.status, text: await response.text() };
    if (this.visited.length > 50) throw new Error(`goes round in circles: ${this.visited.join(" ")}`);
    return this.follow(new URL(location, url), { method: "GET" });
  }

  private of({ origin }: URL): Map<string, string> {
    const found = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, found);
    return found;
  }
}

function forms({ text }: Page): { action: string; hidden: Record<string, string> }[] {
  return [...text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag = "", content = ""]) => ({
    action: attribute(tag, "action") ?? "",
    hidden: Object.fromEntries(
      [...content.matchAll(/<input\b([^>]*)>/gs)]
        .filter(([, input = ""]) => attribute(input, "type") === "hidden")
        .map(([, input = ""]) => [attribute(input, "name") ?? "", attribute(input, "value") ?? ""]),
    ),
  }));
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return found?.replaceAll("&amp;", "&");
}
