/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.watch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An API server of one kind of object, that does what a test says: also what a real one should not. Not safe for many threads. */
public final class ScriptedFeed<T> implements Feed<T> {

    private final Map<String, Item<T>> stored = new LinkedHashMap<>();
    private final List<Runnable> inTransit = new ArrayList<>();
    private long version = 100;
    private Sink<T> sink;
    private String down;

    /** How often it was asked, whether or not it answered. */
    public int lists;

    public int watches;
    public final List<String> watchedFrom = new ArrayList<>();

    /** Lists as of long ago that are yet to be given. */
    public final List<Listing<T>> staleLists = new ArrayList<>();

    @Override
    public Listing<T> list() throws IOException {
        lists++;
        refuse();
        return staleLists.isEmpty() ? listing() : staleLists.remove(0);
    }

    public Listing<T> listing() {
        return new Listing<>(String.valueOf(version), new ArrayList<>(stored.values()));
    }

    @Override
    public AutoCloseable watch(String from, Sink<T> to) throws IOException {
        refuse();
        watches++;
        watchedFrom.add(from);
        sink = to;
        return () -> {
            if (sink == to) {
                sink = null;
            }
        };
    }

    private void refuse() throws IOException {
        if (down != null) {
            throw new IOException(down);
        }
    }

    /** From now on nothing is answered, and what was open ends. */
    public void goDown(String why) {
        down = why;
        Sink<T> open = sink;
        sink = null;
        if (open != null) {
            open.ended(false, why);
        }
    }

    public void comeBack() {
        down = null;
    }

    public boolean watched() {
        return sink != null;
    }

    /** Changes an object without telling. */
    public Item<T> store(String key, T value) {
        version++;
        Item<T> before = stored.get(key);
        String uid = before == null ? "uid-" + version : before.uid();
        Item<T> item = new Item<>(key, uid, String.valueOf(version), value);
        stored.put(key, item);
        return item;
    }

    /** Removes an object without telling. */
    public Item<T> remove(String key) {
        version++;
        Item<T> before = stored.remove(key);
        return new Item<>(key, before.uid(), String.valueOf(version), before.value());
    }

    public Item<T> write(String key, T value) {
        Item<T> item = store(key, value);
        tell(Kind.WRITTEN, item);
        return item;
    }

    public Item<T> delete(String key) {
        Item<T> item = remove(key);
        tell(Kind.DELETED, item);
        return item;
    }

    /** Tells what need not be so. */
    public void tell(Kind kind, Item<T> item) {
        if (sink != null) {
            sink.event(kind, item);
        }
    }

    public void bookmark() {
        tell(Kind.BOOKMARK, new Item<>("", "", String.valueOf(version), null));
    }

    public void end(boolean gone, String why) {
        Sink<T> open = sink;
        sink = null;
        open.ended(gone, why);
    }

    /** Keeps what is told for later, to be told in any order. */
    public void later(Kind kind, Item<T> item) {
        Sink<T> to = sink;
        inTransit.add(() -> to.event(kind, item));
    }

    public List<Runnable> inTransit() {
        return inTransit;
    }
}
