/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** The files of one folder. What is written or renamed survives the end of the machine only after it was forced. */
interface Storage extends AutoCloseable {

    /** Names of all files. */
    List<String> list() throws IOException;

    /** Bytes in a file. */
    long size(String name) throws IOException;

    /** Reads a file from its beginning; goes on to read the same file if it is renamed or deleted meanwhile. */
    InputStream read(String name) throws IOException;

    /** Writes at the end of a file, which is made if there is none. */
    Output append(String name) throws IOException;

    /** Cuts a file. */
    void truncate(String name, long length) throws IOException;

    /** Gives a file another name, at once; there must be none of that name. */
    void rename(String from, String to) throws IOException;

    void delete(String name) throws IOException;

    /** Forces names: of files made, renamed and deleted. */
    void forceNames() throws IOException;

    /** Gives back what keeps others from writing. */
    @Override
    void close();

    /** The end of a file. */
    interface Output extends AutoCloseable {

        /**
         * Writes some of these bytes.
         *
         * @return how many; at least 1
         */
        int write(byte[] bytes, int from, int length) throws IOException;

        /** Forces all that was written to the disk. If this fails, nobody knows what of it is there. */
        void force() throws IOException;

        @Override
        void close() throws IOException;
    }
}
