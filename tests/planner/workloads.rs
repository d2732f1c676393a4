//! Workloads that an adviser must know: written as people write queries, over the shapes that applications have, in products of
//! columns and shapes, alone and several together.

/// Queries that run together. What follows `;;` are a query's parameters.
pub(crate) struct Workload {
    pub(crate) queries: Vec<String>,
}

/// A column by its table, with two literals of its type.
struct Tested(&'static str, &'static str, &'static str, &'static str);

const COLUMNS: &[Tested] = &[
    Tested("customers", "tenant_id", "7", "9"),
    Tested("customers", "name", "'Name 5'", "'Name 9'"),
    Tested("customers", "full_name", "'First5 Last5'", "'First9 Last9'"),
    Tested("customers", "phone", "'000000000005'", "'000000000009'"),
    Tested("customers", "ref", "'e4da3b7f-bbce-2345-d777-2b0674a318d5'", "'45c48cce-2e2d-7fbd-ea1a-fc51c7c6ad26'"),
    Tested("customers", "handle", "'handle5'", "'handle9'"),
    Tested("customers", "created_at", "'2024-02-01 00:00+00'", "'2024-02-03 00:00+00'"),
    Tested("customers", "born", "'1970-01-01'", "'1970-02-01'"),
    Tested("customers", "balance", "15", "18"),
    Tested("customers", "last_ip", "'10.0.5.5'", "'10.0.9.9'"),
    Tested("orders", "coupon", "'CODE7'", "'CODE14'"),
    Tested("orders", "total", "15", "18"),
    Tested("orders", "placed_at", "'2024-02-01'", "'2024-02-03'"),
    Tested("orders", "shipped_on", "'2024-02-01'", "'2024-02-03'"),
    Tested("orders", "external", "'e4da3b7f-bbce-2345-d777-2b0674a318d5'", "'45c48cce-2e2d-7fbd-ea1a-fc51c7c6ad26'"),
    Tested("orders", "worker", "5", "9"),
    Tested("orders", "parent_id", "20", "30"),
    Tested("products", "category_id", "5", "9"),
    Tested("products", "weight", "15", "18"),
    Tested("products", "stock", "15", "18"),
    Tested("app.sessions", "user_id", "15", "18"),
    Tested("app.sessions", "started", "'2024-01-05 00:00+00'", "'2024-01-06 00:00+00'"),
    Tested("\"Odd Names\".\"User Table\"", "\"userName\"", "'User5'", "'User9'"),
    Tested("\"Odd Names\".\"User Table\"", "\"group\"", "5", "9"),
    Tested("events", "actor_id", "5", "9"),
    Tested("readings", "sensor", "5", "9"),
    Tested("memberships", "group_id", "5", "9"),
];

/// What is asked of a column: `{t}` the table, `{c}` the column, `{a}` and `{b}` values.
const SHAPES: &[&str] = &[
    "SELECT * FROM {t} WHERE {c} = {a}",
    "SELECT * FROM {t} WHERE {c} IN ({a}, {b})",
    "SELECT * FROM {t} WHERE {c} = $1 ;; {a}",
    "SELECT * FROM {t} AS x WHERE x.{c} >= {a} AND x.{c} < {b}",
    "SELECT * FROM {t} ORDER BY {c} DESC LIMIT 10",
    "SELECT max({c}) FROM {t}",
    "UPDATE {t} SET filler = 'x' WHERE {c} = {a}",
    "DELETE FROM {t} WHERE {c} = {a} OR {c} = {b}",
];

/// A column tested for one value, and one that orders or bounds.
struct Pair(&'static str, &'static str, &'static str, &'static str, &'static str);

const PAIRS: &[Pair] = &[
    Pair("customers", "tenant_id", "7", "created_at", "'2024-02-01 00:00+00'"),
    Pair("customers", "country", "'de'", "born", "'1970-01-01'"),
    Pair("orders", "worker", "5", "placed_at", "'2024-02-01'"),
    Pair("orders", "customer_id", "5", "placed_at", "'2024-02-01'"),
    Pair("orders", "currency", "'EUR'", "total", "15"),
    Pair("products", "category_id", "5", "price", "15"),
    Pair("app.sessions", "user_id", "5", "started", "'2024-01-05 00:00+00'"),
    Pair("\"Odd Names\".\"User Table\"", "\"group\"", "5", "\"createdAt\"", "'2024-02-01 00:00+00'"),
    Pair("events", "actor_id", "5", "at", "'2024-02-01 00:00+00'"),
    Pair("readings", "sensor", "5", "at", "'2024-01-03'"),
    Pair("notes", "owner_id", "5", "edited_at", "'2024-02-01 00:00+00'"),
];

const PAIR_SHAPES: &[&str] = &[
    "SELECT * FROM {t} WHERE {c} = {a} AND {d} > {b}",
    "SELECT * FROM {t} WHERE {c} = {a} ORDER BY {d} DESC LIMIT 20",
    "SELECT * FROM {t} WHERE {c} = {a} AND {d} < {b} ORDER BY {d} DESC LIMIT 20",
    "SELECT * FROM {t} WHERE {c} = $1 AND {d} >= $2 ORDER BY {d} LIMIT 5 ;; {a}, {b}",
    "SELECT max({d}) FROM {t} WHERE {c} = {a}",
    "SELECT DISTINCT ON ({c}) {c}, {d} FROM {t} ORDER BY {c}, {d} DESC",
    "SELECT * FROM {t} ORDER BY {c}, {d} DESC LIMIT 10",
    "SELECT count(*) FROM {t} WHERE {c} = {a} AND {d} > {b}",
];

const PATTERNS: &[(&str, &str)] = &[
    ("customers", "name"),
    ("customers", "full_name"),
    ("orders", "note"),
    ("\"Odd Names\".\"User Table\"", "\"E-Mail\""),
    ("notes", "title"),
];

const PATTERN_SHAPES: &[&str] = &[
    "SELECT * FROM {t} WHERE {c} LIKE 'abc%'",
    "SELECT * FROM {t} WHERE {c} LIKE '%abc%'",
    "SELECT * FROM {t} WHERE {c} ILIKE '%abc%'",
    "SELECT * FROM {t} WHERE {c} ILIKE 'abc%'",
    "SELECT * FROM {t} WHERE {c} LIKE $1 || '%' ;; 'abc'",
    "SELECT * FROM {t} WHERE {c} ~ 'abc'",
    "SELECT * FROM {t} WHERE lower({c}) = 'abc'",
    "SELECT * FROM {t} WHERE lower({c}) LIKE 'abc%'",
    "SELECT * FROM {t} WHERE upper({c}) = upper('abc')",
    "SELECT * FROM {t} WHERE md5({c}) = 'e4da3b7fbbce2345d7772b0674a318d5'",
    "SELECT * FROM {t} WHERE left({c}, 3) = 'abc'",
    "SELECT * FROM {t} WHERE coalesce({c}, '') = 'abc'",
];

/// A jsonb column, a key with a text, one with a number, a nested path, an array.
const DOCUMENTS: &[(&str, &str, [&str; 5])] = &[
    ("customers", "profile", ["city", "c5", "age", "plan", "name"]),
    ("orders", "meta", ["source", "s5", "items", "gift", "x"]),
    ("products", "attrs", ["color", "c5", "n", "dims", "w"]),
    ("events", "doc", ["target", "t5", "n", "sub", "x"]),
];

const DOCUMENT_SHAPES: &[&str] = &[
    "SELECT * FROM {t} WHERE {c} ->> '{k}' = '{v}'",
    "SELECT * FROM {t} WHERE {c} ->> '{k}' = $1 ;; '{v}'",
    "SELECT * FROM {t} WHERE {c} ->> '{k}' IN ('{v}', 'other')",
    "SELECT * FROM {t} WHERE ({c} ->> '{n}')::int > 85",
    "SELECT * FROM {t} WHERE ({c} ->> '{n}')::numeric = 5",
    "SELECT * FROM {t} WHERE CAST({c} ->> '{n}' AS bigint) BETWEEN 1 AND 5",
    "SELECT * FROM {t} WHERE {c} @> '{\"{k}\": \"{v}\"}'",
    "SELECT * FROM {t} WHERE {c} @> jsonb_build_object('{k}', $1::text) ;; '{v}'",
    "SELECT * FROM {t} WHERE {c} ? '{k}'",
    "SELECT * FROM {t} WHERE {c} ?| array['{k}', 'zzz']",
    "SELECT * FROM {t} WHERE {c} @? '$.{k} ? (@ == \"{v}\")'",
    "SELECT * FROM {t} WHERE {c} @@ '$.{k} == \"{v}\"'",
    "SELECT * FROM {t} WHERE {c} -> '{p}' ->> '{q}' = 'p5'",
    "SELECT * FROM {t} WHERE {c} #>> '{{p},{q}}' = 'p5'",
    "SELECT * FROM {t} WHERE {c} -> '{p}' @> '{\"{q}\": \"p5\"}'",
    "SELECT * FROM {t} WHERE lower({c} ->> '{k}') = '{v}'",
    "SELECT * FROM {t} WHERE {c} ->> '{k}' LIKE '{v}%'",
    "SELECT * FROM {t} WHERE {c} ->> '{k}' ILIKE '%{v}%'",
    "SELECT * FROM {t} WHERE {c} ->> '{k}' = '{v}' ORDER BY {c} ->> '{n}' LIMIT 5",
    "SELECT * FROM {t} WHERE jsonb_extract_path_text({c}, '{k}') = '{v}'",
];

/// What a product misses, one workload a line; `|` separates queries that run together.
const SINGLE: &[&str] = &[
    // arrays, full text, ranges, networks, points
    "SELECT * FROM customers WHERE tags @> ARRAY['t5']",
    "SELECT * FROM customers WHERE tags && ARRAY['t5', 't6']",
    "SELECT * FROM customers WHERE tags @> $1::text[] ;; '{t5}'",
    "SELECT * FROM customers WHERE scores @> ARRAY[5]",
    "SELECT * FROM customers WHERE ARRAY['t5'] <@ tags",
    "SELECT * FROM customers WHERE search @@ to_tsquery('simple', 'word5')",
    "SELECT * FROM customers WHERE search @@ plainto_tsquery('simple', $1) ;; 'word5'",
    "SELECT * FROM notes WHERE to_tsvector('english', body) @@ to_tsquery('english', 'word5')",
    "SELECT * FROM notes WHERE to_tsvector('english', title || ' ' || body) @@ websearch_to_tsquery('english', 'word5')",
    "SELECT * FROM notes WHERE to_tsvector('english', coalesce(title, '') || ' ' || coalesce(body, '')) @@ plainto_tsquery('english', 'word5')",
    "SELECT * FROM bookings WHERE during && tstzrange('2024-02-01 00:00+00', '2024-02-02 00:00+00')",
    "SELECT * FROM bookings WHERE during @> '2024-02-01 00:30+00'::timestamptz",
    "SELECT * FROM bookings WHERE nights && daterange('2024-02-01', '2024-02-02')",
    "SELECT * FROM bookings WHERE nights @> '2024-02-01'::date",
    "SELECT * FROM products WHERE sizes @> 5",
    "SELECT * FROM products WHERE place <@ box '((0,0),(3,3))'",
    "SELECT * FROM app.sessions WHERE net >> inet '10.5.1.2'",
    "SELECT * FROM app.sessions WHERE ip = '192.168.5.5'",
    "SELECT * FROM app.sessions WHERE ip << '192.168.5.0/24'",
    // expressions
    "SELECT * FROM orders WHERE date_trunc('day', placed_at) = '2024-02-01'",
    "SELECT * FROM orders WHERE date_trunc('month', placed_at) = timestamp '2024-02-01' ORDER BY total DESC LIMIT 5",
    "SELECT * FROM orders WHERE placed_at::date = '2024-02-01'",
    "SELECT * FROM orders WHERE date(placed_at) = '2024-02-01'",
    "SELECT * FROM orders WHERE extract(year FROM placed_at) = 2023",
    "SELECT * FROM customers WHERE (created_at AT TIME ZONE 'UTC')::date = '2024-02-01'",
    "SELECT * FROM customers WHERE lower(email) = lower('U5@Example.org')",
    "SELECT * FROM customers WHERE lower(email) = lower($1) ;; 'U5@Example.org'",
    "SELECT * FROM customers WHERE tenant_id = 7 AND lower(name) = 'name 5'",
    "SELECT * FROM customers WHERE name || ' ' || full_name = 'x'",
    "SELECT * FROM customers WHERE coalesce(updated_at, created_at) > '2024-12-01 00:00+00'",
    "SELECT * FROM customers WHERE balance + 1 = 16",
    "SELECT * FROM customers WHERE (home).zip = 'z5'",
    "SELECT * FROM customers WHERE home = ROW('s5', 'z5')::address",
    "SELECT * FROM customers WHERE substring(phone FROM 1 FOR 3) = '001'",
    "SELECT * FROM customers WHERE abs(balance) > 4000",
    "SELECT * FROM products WHERE price * stock > 50000",
    "SELECT * FROM orders WHERE mod(worker, 7) = 3 AND coupon = 'CODE7'",
    "SELECT * FROM products WHERE nullif(category_id, 0) = 5",
    "SELECT * FROM products WHERE replace(sku, '-', '') = 'SKU5'",
    "SELECT * FROM products WHERE split_part(sku, '-', 2) = '5'",
    "SELECT * FROM products WHERE length(title) > 20",
    // partial by what is the same each time
    "SELECT * FROM customers WHERE tenant_id = 7 AND deleted_at IS NULL",
    "SELECT * FROM customers WHERE deleted_at IS NULL ORDER BY created_at DESC LIMIT 20",
    "SELECT * FROM customers WHERE tenant_id = $1 AND deleted_at IS NULL AND name = $2 ;; 7, 'Name 7'",
    "SELECT * FROM customers WHERE vip AND balance > 4000",
    "SELECT * FROM customers WHERE NOT vip AND born = '1970-01-01'",
    "SELECT * FROM customers WHERE vip = true AND born = '1970-01-01'",
    "SELECT * FROM customers WHERE vip IS TRUE ORDER BY born LIMIT 10",
    "SELECT * FROM live_customers WHERE born = '1970-01-01'",
    "SELECT * FROM orders WHERE status = 'new' ORDER BY placed_at LIMIT 10",
    "SELECT * FROM orders WHERE status = 'new' AND worker = 5",
    "SELECT * FROM orders WHERE status = $1 AND worker = $2 ;; 'new', 5",
    "SELECT * FROM orders WHERE state = 'open' AND placed_at > '2024-06-01'",
    "SELECT * FROM orders WHERE state = 'open' AND NOT archived ORDER BY priority DESC, placed_at LIMIT 5",
    "SELECT * FROM orders WHERE paid_at IS NULL AND worker = 5",
    "SELECT * FROM orders WHERE paid_at IS NULL ORDER BY id LIMIT 10",
    "SELECT * FROM orders WHERE status IN ('new', 'paid') AND total > 900",
    "SELECT id FROM orders WHERE state = 'open' AND worker IS NULL ORDER BY priority, placed_at LIMIT 1 FOR UPDATE SKIP LOCKED",
    "UPDATE orders SET worker = 1 WHERE id = (SELECT id FROM orders WHERE state = 'held' AND attempts < 3 ORDER BY placed_at LIMIT 1 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM app.sessions WHERE ended < '2024-02-01 00:00+00'",
    "DELETE FROM app.sessions WHERE ended IS NULL AND started < '2024-01-05 00:00+00'",
    "SELECT * FROM notes WHERE owner_id = 5 AND pinned ORDER BY edited_at DESC LIMIT 3",
    // keyset pages
    "SELECT * FROM orders WHERE (placed_at, id) < ('2024-02-01', 700) ORDER BY placed_at DESC, id DESC LIMIT 20",
    "SELECT * FROM orders WHERE worker = 5 AND (placed_at, id) < ('2024-02-01', 700) ORDER BY placed_at DESC, id DESC LIMIT 20",
    "SELECT * FROM customers WHERE (tenant_id, name) > (7, 'Name 5') ORDER BY tenant_id, name LIMIT 20",
    "SELECT * FROM customers WHERE tenant_id = 7 AND (created_at < $1 OR created_at = $1 AND id < $2) ORDER BY created_at DESC, id DESC LIMIT 10 ;; '2024-02-01 00:00+00', 500",
    "SELECT * FROM customers WHERE tenant_id = 7 AND id > 500 ORDER BY id LIMIT 10",
    "SELECT * FROM orders ORDER BY placed_at DESC, id DESC LIMIT 20 OFFSET 40",
    "SELECT * FROM orders ORDER BY paid_at DESC NULLS LAST LIMIT 10",
    "SELECT * FROM orders ORDER BY paid_at NULLS FIRST, id LIMIT 10",
    "SELECT * FROM orders ORDER BY total DESC, placed_at ASC LIMIT 10",
    "SELECT * FROM products ORDER BY category_id, price DESC, id LIMIT 10",
    "SELECT * FROM customers ORDER BY lower(name) LIMIT 10",
    "SELECT * FROM products WHERE published_at IS NOT NULL ORDER BY published_at DESC LIMIT 10",
    "SELECT * FROM products WHERE category_id = 5 ORDER BY price FETCH FIRST 5 ROWS ONLY",
    // joins
    "SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.name = 'Name 5'",
    "SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.coupon = 'CODE7' AND c.vip",
    "SELECT p.title FROM order_items i JOIN products p ON p.id = i.product_id WHERE p.vendor_id = 5",
    "SELECT * FROM order_items i, products p WHERE p.id = i.product_id AND p.sku = 'SKU-5'",
    "SELECT * FROM products p JOIN order_items i ON i.product_id = p.id JOIN orders o ON o.id = i.order_id WHERE p.sku = 'SKU-5'",
    "SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE c.phone = '000000000005'",
    "SELECT * FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.coupon IS NULL WHERE c.full_name = 'First5 Last5'",
    "SELECT * FROM categories a JOIN categories b ON b.parent_id = a.id WHERE a.id = 5",
    "SELECT * FROM orders o LEFT JOIN orders p ON p.parent_id = o.id WHERE o.id = 5",
    "SELECT * FROM app.sessions s JOIN customers c ON c.id = s.user_id WHERE c.id = 5",
    "SELECT * FROM memberships m JOIN notes n ON n.owner_id = m.user_id WHERE m.group_id = 5",
    "SELECT * FROM memberships WHERE group_id = 5 AND role = 'admin'",
    "SELECT * FROM orders o JOIN LATERAL (SELECT * FROM app.sessions s WHERE s.user_id = o.customer_id ORDER BY s.started DESC LIMIT 1) l ON true WHERE o.id = 5",
    "SELECT c.id, (SELECT max(s.started) FROM app.sessions s WHERE s.user_id = c.id) FROM customers c WHERE c.id < 10",
    "SELECT * FROM products p WHERE EXISTS (SELECT 1 FROM order_items i WHERE i.product_id = p.id AND i.quantity > 8) AND p.id = 5",
    "SELECT * FROM customers c WHERE c.id < 50 AND NOT EXISTS (SELECT 1 FROM app.sessions s WHERE s.user_id = c.id)",
    "SELECT * FROM notes WHERE owner_id IN (SELECT user_id FROM memberships WHERE group_id = 5)",
    "SELECT * FROM order_items WHERE product_id = ANY (ARRAY[1, 2, 3])",
    "SELECT * FROM order_items WHERE product_id = ANY ($1::int[]) ;; '{1,2,3}'",
    "WITH recent AS (SELECT * FROM orders WHERE placed_at > '2024-06-01') SELECT * FROM recent WHERE coupon = 'CODE7'",
    "WITH RECURSIVE tree AS (SELECT * FROM categories WHERE id = 5 UNION ALL SELECT c.* FROM categories c JOIN tree t ON c.parent_id = t.id) SELECT * FROM tree",
    "SELECT * FROM (SELECT * FROM orders WHERE archived) x WHERE x.worker = 5",
    "SELECT * FROM orders WHERE worker = 5 UNION ALL SELECT * FROM orders WHERE coupon = 'CODE7'",
    "SELECT * FROM orders WHERE worker = 5 OR coupon = 'CODE7'",
    "SELECT * FROM orders WHERE (worker = 5 OR coupon = 'CODE7') AND total > 15",
    "SELECT * FROM customers WHERE name = 'Name 5' OR phone = '000000000005' OR handle = 'handle5'",
    // grouping and adding up
    "SELECT worker, count(*) FROM orders WHERE placed_at >= '2024-06-01' GROUP BY worker",
    "SELECT count(*) FROM orders WHERE worker = 5",
    "SELECT sum(total) FROM orders WHERE worker = 5",
    "SELECT sum(quantity) FROM order_items WHERE product_id = 5",
    "SELECT avg(price), min(price), max(price) FROM products WHERE vendor_id = 5",
    "SELECT category_id, sum(stock) FROM products WHERE vendor_id = 5 GROUP BY category_id",
    "SELECT sum(balance) FROM customers WHERE tenant_id = 7",
    "SELECT count(DISTINCT user_id) FROM app.sessions WHERE started > '2024-01-15 00:00+00'",
    "SELECT max(value) FROM readings WHERE sensor = 5",
    "SELECT min(started), max(started) FROM app.sessions WHERE user_id = 5",
    "SELECT DISTINCT customer_id FROM orders WHERE worker = 5",
    "SELECT DISTINCT ON (user_id) * FROM app.sessions ORDER BY user_id, started DESC",
    "SELECT DISTINCT ON (customer_id) * FROM orders WHERE worker = 5 ORDER BY customer_id, placed_at DESC",
    // partitions
    "SELECT * FROM events WHERE kind = 'kind5' AND at > '2024-02-01 00:00+00'",
    "SELECT * FROM events WHERE doc ->> 'target' = 't5' AND at >= '2024-02-01 00:00+00' AND at < '2024-02-10 00:00+00'",
    "SELECT * FROM readings WHERE region = 'us' AND sensor = 5 AND at > '2024-01-05'",
    "SELECT * FROM readings WHERE sensor IN (5, 6) ORDER BY at LIMIT 5",
    // writes
    "UPDATE orders SET filler = 'x' FROM customers c WHERE orders.customer_id = c.id AND c.phone = '000000000005'",
    "UPDATE order_items SET filler = 'x' FROM products p WHERE order_items.product_id = p.id AND p.sku = 'SKU-5'",
    "DELETE FROM order_items USING products p WHERE p.id = order_items.product_id AND p.vendor_id = 5",
    "DELETE FROM notes WHERE edited_at < '2024-01-05 00:00+00'",
    "UPDATE products SET stock = stock - 1 WHERE vendor_id = 5 AND category_id = 5",
    // several together
    "SELECT * FROM customers WHERE tenant_id = 7 | SELECT * FROM customers WHERE tenant_id = 7 AND name = 'x' | SELECT * FROM customers WHERE tenant_id = 7 AND name = 'x' ORDER BY created_at LIMIT 5",
    "SELECT * FROM orders WHERE customer_id = 5 ORDER BY placed_at DESC LIMIT 10 | SELECT * FROM orders WHERE customer_id = 5 AND status = 'new' ORDER BY placed_at DESC LIMIT 10",
    "SELECT * FROM orders WHERE worker = 5 | SELECT * FROM orders WHERE worker = 5 AND paid_at IS NULL",
    "SELECT * FROM orders WHERE worker = 5 AND paid_at IS NULL | SELECT * FROM orders WHERE worker = 5 AND paid_at IS NULL AND coupon = 'x'",
    "SELECT * FROM products WHERE category_id = 5 AND vendor_id = 5 | SELECT * FROM products WHERE vendor_id = 5",
    "SELECT * FROM products WHERE category_id = 5 AND vendor_id = 5 | SELECT * FROM products WHERE vendor_id = 5 | SELECT * FROM products WHERE category_id = 5",
    "SELECT * FROM customers WHERE profile @> '{\"city\": \"c5\"}' | SELECT * FROM customers WHERE profile ? 'age'",
    "SELECT * FROM customers WHERE name LIKE 'abc%' | SELECT * FROM customers WHERE name = 'abc' | SELECT * FROM customers ORDER BY name LIMIT 5",
    "SELECT * FROM orders WHERE status = 'new' ORDER BY placed_at LIMIT 5 | SELECT * FROM orders WHERE status = 'paid' ORDER BY placed_at LIMIT 5",
    "SELECT * FROM notes WHERE owner_id = 5 ORDER BY edited_at DESC LIMIT 5 | SELECT * FROM notes WHERE owner_id = 5 ORDER BY title LIMIT 5",
];

fn fill(shape: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(shape.to_owned(), |text, (mark, value)| text.replace(mark, value))
}

/// All of them.
pub(crate) fn workloads() -> Vec<Workload> {
    let mut queries: Vec<String> = vec![];
    for Tested(t, c, a, b) in COLUMNS {
        queries.extend(SHAPES.iter().map(|shape| fill(shape, &[("{t}", t), ("{c}", c), ("{a}", a), ("{b}", b)])));
    }
    for Pair(t, c, a, d, b) in PAIRS {
        queries.extend(PAIR_SHAPES.iter().map(|shape| fill(shape, &[("{t}", t), ("{c}", c), ("{a}", a), ("{d}", d), ("{b}", b)])));
    }
    for (t, c) in PATTERNS {
        queries.extend(PATTERN_SHAPES.iter().map(|shape| fill(shape, &[("{t}", t), ("{c}", c)])));
    }
    for (t, c, [k, v, n, p, q]) in DOCUMENTS {
        let values = [("{t}", *t), ("{c}", *c), ("{k}", *k), ("{v}", *v), ("{n}", *n), ("{p}", *p), ("{q}", *q)];
        queries.extend(DOCUMENT_SHAPES.iter().map(|shape| fill(shape, &values)));
    }
    let mut all: Vec<Workload> = SINGLE.iter().map(|line| Workload { queries: line.split(" | ").map(str::to_owned).collect() }).collect();
    // the same queries in companies of others: every seventh with the six that follow in that order
    for start in 0..queries.len() / 7 {
        let company = (0..7).filter_map(|at| queries.get(start + at * (queries.len() / 7))).cloned().collect();
        all.push(Workload { queries: company });
    }
    all.extend(queries.into_iter().map(|query| Workload { queries: vec![query] }));
    all
}
