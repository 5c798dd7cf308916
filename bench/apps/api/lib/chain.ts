// SPDX-License-Identifier: MIT
// A handler as people write them: each step awaits the one before.

export interface Item {
  id: number;
  price: number;
}

async function find(id: number): Promise<Item> {
  return { id, price: id * 3 };
}

async function withTax(item: Item): Promise<Item> {
  return { ...item, price: Math.round(item.price * 1.19) };
}

async function withShipping(item: Item): Promise<Item> {
  return { ...item, price: item.price + 5 };
}

async function check(item: Item): Promise<Item> {
  if (!Number.isFinite(item.price)) throw new Error('expected a number');
  return item;
}

/** Five awaits, one after the other. */
export async function priced(id: string): Promise<Item> {
  const item = await find(Number(id));
  const taxed = await withTax(item);
  const shipped = await withShipping(taxed);
  return await check(shipped);
}
