// SPDX-License-Identifier: MIT

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface Mail {
  /** The address of MAIL FROM, and those of RCPT TO. */
  from: string;
  to: string[];
  /** Head and body as they came, dots unstuffed. */
  text: string;
}

/**
 * A mail server of one page (RFC 5321): takes every mail, or says no to each recipient.
 *
 * @example
 * const smtp = await MailServer.start();
 * const app = await startTutorial({ SMTP_URL: smtp.url });
 */
export class MailServer {
  readonly mails: Mail[] = [];
  refuses = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<MailServer> {
    const made = new MailServer();
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
    const say = (line: string) => socket.write(`${line}\r\n`);
    let waiting = '';
    let data: string[] | undefined;
    let mail: Mail = { from: '', to: [], text: '' };

    const onCommand = (line: string) => {
      const [, from] = line.match(/^MAIL FROM:<(.*)>/i) ?? [];
      const [, to] = line.match(/^RCPT TO:<(.*)>/i) ?? [];
      if (from !== undefined) mail = { from, to: [], text: '' };
      if (to !== undefined && this.refuses) return say('550 No such mailbox');
      if (to !== undefined) mail.to.push(to);
      if (/^DATA$/i.test(line)) {
        data = [];
        return say('354 Go on');
      }
      if (/^QUIT$/i.test(line)) return socket.end('221 Bye\r\n');
      return say(/^(EHLO|HELO|MAIL|RCPT|RSET|NOOP)/i.test(line) ? '250 Yes' : '502 No');
    };
    const onLine = (line: string) => {
      if (!data) return onCommand(line);
      if (line !== '.') return data.push(line.replace(/^\./, ''));
      this.mails.push({ ...mail, text: data.join('\r\n') });
      data = undefined;
      return say('250 Taken');
    };

    say('220 mail.test ESMTP');
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (waiting + text).split('\r\n');
      waiting = lines.pop() as string;
      for (const line of lines) onLine(line);
    });
  }
}
