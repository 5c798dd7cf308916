// SPDX-License-Identifier: MIT

import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer';
import { dataFile } from './data-folder';

export interface ContactMessage {
  name: string;
  email: string;
  message: string;
}

/** A mail goes out, by whatever way there is; throws when it could not be handed over. */
type Send = (mail: SendMailOptions & { messageId: string }, id: string) => Promise<void>;

let send: Send | undefined;

/**
 * Mails a message of the contact form, and returns the id that the mail bears. SMTP_URL says by which
 * server (`smtp://user:password@mail.example:587`); without it each mail becomes a file in
 * `data/outbox`. MAIL_TO and MAIL_FROM are the addresses at both ends.
 *
 * @example
 * const id = await mailContact({ name: 'Ada', email: 'ada@example.com', message: 'Hello' });
 */
export async function mailContact({ name, email, message }: ContactMessage): Promise<string> {
  const { MAIL_TO, MAIL_FROM, SMTP_URL } = process.env;
  const id = randomUUID();
  send ??= SMTP_URL ? overSmtp(SMTP_URL) : toOutbox();
  // From us, and with the visitor to answer to: a mail in the visitor's own name would be forged,
  // and mail servers refuse such. Names are given apart from addresses, so that neither can end one.
  const mail = {
    messageId: `<${id}@tutorial.localhost>`,
    from: { name: 'Contact form', address: MAIL_FROM || 'website@localhost' },
    to: MAIL_TO || 'contact@localhost',
    replyTo: { name, address: email },
    subject: 'A message from the contact form',
    text: message,
    // A mail is text here. Nothing in it may name a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  await send(mail, id);
  return id;
}

function overSmtp(url: string): Send {
  // Given as options, the times hold beside the address; a server that is silent is not waited for.
  const limits = { connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 10_000 };
  const transport: Transporter = createTransport({ url, ...limits });
  return async (mail) => {
    await transport.sendMail(mail);
  };
}

function toOutbox(): Send {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  console.info('Mail: SMTP_URL is not set, so mails are written to the folder outbox of the data.');
  return async (mail, id) => {
    const { message } = await transport.sendMail(mail);
    await writeFile(dataFile(`outbox/${id}.eml`), message as Buffer, { flag: 'wx' });
  };
}
