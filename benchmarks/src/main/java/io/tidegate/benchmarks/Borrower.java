/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.pool.InstrumentedPool;
import reactor.pool.PooledRef;

/**
 * Who takes from a reactor-pool: one subscriber for all acquisitions and one for all releases, which is less than the pool's own
 * {@code subscribe(Consumer)} allocates. For one thread at a time, though the pool may answer it on another: whoever drains the pool serves
 * all.
 */
final class Borrower implements CoreSubscriber<PooledRef<Object>> {

    private final Handed<PooledRef<Object>> held = new Handed<>();
    private final Released released = new Released();
    private @Nullable Subscription subscription;

    /** Asks; the answer comes now or later. */
    void ask(InstrumentedPool<Object> pool) {
        held.forget();
        pool.acquire().subscribe(this);
    }

    /** Asks, and waits no longer than this. */
    void ask(InstrumentedPool<Object> pool, Duration timeout) {
        held.forget();
        pool.acquire(timeout).subscribe(this);
    }

    /** Gives up what was asked last. */
    void cancel() {
        if (subscription == null) {
            throw new IllegalStateException("nothing was asked");
        }
        subscription.cancel();
    }

    /** What was given last; waits for it. */
    PooledRef<Object> held() {
        return held.await();
    }

    void giveBack(PooledRef<Object> ref) {
        ref.release().subscribe(released);
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        this.subscription = subscription;
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(PooledRef<Object> ref) {
        held.accept(ref);
    }

    @Override
    public void onError(Throwable failure) {
        throw new IllegalStateException("the pool failed", failure);
    }

    @Override
    public void onComplete() {}

    private static final class Released implements CoreSubscriber<Void> {

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Void nothing) {}

        @Override
        public void onError(Throwable failure) {
            throw new IllegalStateException("the pool failed", failure);
        }

        @Override
        public void onComplete() {}
    }
}
